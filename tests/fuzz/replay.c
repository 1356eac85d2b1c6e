/* Replays a corpus through a fuzz target without a fuzzer, so that what was found once is tried in every build. A corpus
 * directory that is missing or empty fails: it would prove nothing. */
#include "base/core/buf.h"
#include "base/core/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_BYTES_MAX ((size_t)8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int replay(const char *directory, const char *name)
{
    struct rg_buf path RG_CLEANUP(rg_buf_done), bytes RG_CLEANUP(rg_buf_done);
    struct rg_error err;
    rg_buf_init(&path, 4096);
    rg_buf_init(&bytes, INPUT_BYTES_MAX);
    rg_buf_addf(&path, "%s/%s", directory, name);
    if (rg_file_read(rg_buf_cstr(&path), &bytes, &err) < 0) {
        (void)fprintf(stderr, "%s: %s\n", rg_buf_cstr(&path), err.text);
        return -1;
    }
    struct rg_str input = rg_buf_str(&bytes);
    uint8_t *exact = rg_alloc(input.n); /* without spare room, so that a sanitizer sees a read past the end */
    for (size_t i = 0; i < input.n; i++)
        exact[i] = (uint8_t)input.p[i];
    int rc = LLVMFuzzerTestOneInput(exact, input.n);
    rg_free(&exact);
    return rc;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
        return EXIT_FAILURE;
    }
    struct dirent **entries = NULL;
    int count = scandir(argv[1], &entries, is_input, alphasort), failed = 0;
    for (int i = 0; i < count; i++) {
        failed += replay(argv[1], entries[i]->d_name) != 0;
        rg_free(&entries[i]);
    }
    rg_free(&entries);
    if (count <= 0)
        (void)fprintf(stderr, "%s: no input to replay\n", argv[1]);
    else
        (void)printf("%d inputs, %d failed\n", count, failed);
    return count > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

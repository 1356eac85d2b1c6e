/* The documents that nobody writes by hand: generate ROOT writes them below the source tree ROOT; generate --compare ROOT says
 * which of them are not what the tables say. Parser, finding and page come from one table, so a key, a default, a field or a
 * word of a closed list cannot be documented wrongly for longer than one run of the lane. */
#include "tests/docs/generate.h"

#include "base/core/error.h"
#include "base/core/file.h"

#include <stdio.h>
#include <string.h>

#define PAGE_BYTES_MAX ((size_t)1 << 20)
#define PATH_BYTES_MAX 4096

static const struct {
    const char *path;
    rg_docs_fn *write;
} pages[] = {
    {"docs/generated/events.md", rg_docs_events},
    {"docs/generated/ladder.md", rg_docs_ladder},
    {"docs/generated/policy.md", rg_docs_policy},
    {"docs/generated/calendar.md", rg_docs_calendar},
    {"docs/generated/mapping.md", rg_docs_mapping},
    {"docs/generated/preset.md", rg_docs_preset},
    {"docs/generated/test.md", rg_docs_test},
    {"docs/generated/words.md", rg_docs_words},
    {"docs/generated/facts.md", rg_docs_facts},
    {"docs/generated/variables.md", rg_docs_variables},
    {"docs/generated/configuration.md", rg_docs_configuration},
    {"docs/generated/api.md", rg_docs_api},
    {"docs/man/reguactl.1", rg_docs_ctl},
    {"docs/man/regua.yaml.5", rg_docs_manual},
    {"config/shipped/schema/regua-1.json", rg_docs_site_schema},
    {"config/shipped/schema/ladder-1.json", rg_docs_ladder_schema},
    {"config/shipped/schema/policy-1.json", rg_docs_policy_schema},
    {"config/shipped/schema/calendar-1.json", rg_docs_calendar_schema},
    {"config/shipped/schema/mapping-1.json", rg_docs_mapping_schema},
    {"config/shipped/schema/preset-1.json", rg_docs_preset_schema},
};

static bool path_of(const char *root, const char *below, char ret_path[PATH_BYTES_MAX])
{
    int n = snprintf(ret_path, PATH_BYTES_MAX, "%s/%s", root, below);
    return n > 0 && n < PATH_BYTES_MAX;
}

static int line_of(const char *text, size_t at)
{
    int line = 1;
    for (size_t i = 0; i < at; i++)
        line += text[i] == '\n';
    return line;
}

static bool same(const char *path, struct rg_str page)
{
    struct rg_buf there RG_CLEANUP(rg_buf_done);
    struct rg_error err;
    rg_buf_init(&there, PAGE_BYTES_MAX);
    if (rg_file_read(path, &there, &err) < 0) {
        fprintf(stderr, "%s: %s; run ./dev docs\n", path, err.text);
        return false;
    }
    struct rg_str old = rg_buf_str(&there);
    if (rg_str_eq(old, page))
        return true;
    size_t at = 0;
    while (at < old.n && at < page.n && old.p[at] == page.p[at])
        at++;
    fprintf(stderr, "%s:%d: not what the tables say; run ./dev docs\n", path, line_of(page.p, at));
    return false;
}

static bool put(const char *path, struct rg_str page)
{
    FILE *file = fopen(path, "we");
    bool fine = file != NULL && fwrite(page.p, 1, page.n, file) == page.n;
    if (file != NULL && fclose(file) != 0)
        fine = false;
    if (!fine)
        fprintf(stderr, "%s: cannot be written\n", path);
    return fine;
}

int main(int argc, char **argv)
{
    bool compare = argc == 3 && strcmp(argv[1], "--compare") == 0;
    if (argc != 2 && !compare) {
        fputs("usage: generate [--compare] ROOT\n", stderr);
        return 2;
    }
    int failed = 0;
    for (size_t i = 0; i < RG_COUNT(pages); i++) {
        struct rg_buf page RG_CLEANUP(rg_buf_done);
        char path[PATH_BYTES_MAX];
        rg_buf_init(&page, PAGE_BYTES_MAX);
        pages[i].write(&page);
        bool fine = !page.overflow && path_of(argv[argc - 1], pages[i].path, path);
        if (fine)
            fine = compare ? same(path, rg_buf_str(&page)) : put(path, rg_buf_str(&page));
        failed += !fine;
    }
    printf("%zu passed, %d failed\n", RG_COUNT(pages) - (size_t)failed, failed);
    return failed == 0 ? 0 : 1;
}

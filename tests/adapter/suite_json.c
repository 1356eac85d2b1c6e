/* {file} → {result: accept} | {result: refuse, reason}, by the JSON layer alone. A file that cannot be read is an error of the
 * question, one that is too large is refused. */
#include "tests/adapter/suite.h"

#define FILE_BYTES_MAX ((size_t)8 * 1024 * 1024)

void rg_suite_json(const struct rg_json_value *question, struct rg_jw *answer)
{
    struct rg_buf bytes RG_CLEANUP(rg_buf_done);
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_error err = {0};
    rg_buf_init(&bytes, FILE_BYTES_MAX);
    int rc = rg_ask_file(question, "file", answer, &bytes, &err);
    if (rc < 0 && rc != RG_ELIMIT)
        return;
    if (rc == 0)
        rc = rg_json_parse(rg_buf_str(&bytes), FILE_BYTES_MAX, &doc, &err);
    rg_answer_verdict(answer, rc == 0 ? NULL : err.text);
}

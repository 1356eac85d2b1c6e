/* Reads lines, lets the suite answer, writes lines; each answer is flushed, so that a driver may ask one question at a time.
 * The answer is built in a buffer and printed whole: half an answer would be worse than none. A line that is no JSON of ours is
 * still answered under its id where one can be seen at its beginning, because a driver waits for its answers by id. */
#include "tests/adapter/suite.h"

#define QUESTION_MAX_BYTES ((size_t)8 * 1024 * 1024)
#define ANSWER_MAX_BYTES ((size_t)64 * 1024 * 1024)

static const struct suite {
    const char *name;
    rg_suite_fn *answer;
    const char *help;
} SUITES[] = {
    {"bizdays", rg_suite_bizdays, "{op: add|is_bd|following|preceding|count, date, n?, to?} -> {result}"},
    {"cel", rg_suite_cel, "{op: eval, expr, vars: {name: {type, value?}}} -> {value} | {error} | {load_error}"},
    {"cloudevents", rg_suite_cloudevents,
     "{key, headers: [[name, value]...], value|value_b64} -> {valid, attributes, data} | "
     "{valid, reason}"},
    {"cut", rg_suite_cut, "{notice, term_days, term_end: next_day|same_day, state, calendar} -> {result}"},
    {"documents", rg_suite_documents, "{kind: cpf|cnpj, input} -> {valid}"},
    {"fold", rg_suite_fold, "{events: [...]} -> {record}"},
    {"json", rg_suite_json, "{file} -> {result: accept|refuse, reason?}"},
    {"latefees", rg_suite_latefees,
     "{principal, due, paid, multa_pct, juros_am_pct, base, consumer, inicio, "
     "ultimo_dia_util_prorroga, rounding} -> {multa, juros, total}"},
    {"mime", rg_suite_mime, "{kind: subject|display_name|filename, text, address?} -> {header}"},
    {"mustache", rg_suite_mustache, "{template, data, partials} -> {output}"},
    {"obligation", rg_suite_obligation, "{settled, state, kind: exclude|restore} -> {deadline}"},
    {"phones", rg_suite_phones, "{input} -> {e164, mobile}"},
    {"scenario", rg_suite_scenario, "{rules, policy?, events: [{at, ...}], world?, until} -> {decisions, suppressed}"},
    {"sms", rg_suite_sms, "{text} -> {encoding, units, segments}"},
    {"yaml", rg_suite_yaml, "{file} -> {result: accept|refuse, reason?}"},
};

static const struct suite *find_suite(const char *name)
{
    for (size_t i = 0; i < RG_COUNT(SUITES); i++)
        if (strcmp(SUITES[i].name, name) == 0)
            return &SUITES[i];
    return NULL;
}

static void print_help(FILE *to)
{
    fputs("usage: adapter SUITE < questions > answers\n\n"
          "Questions are JSON objects, one a line; each answer is one, with the same id. What is wrong with a question becomes\n"
          "the member \"error\" of its answer.\n\n",
          to);
    for (size_t i = 0; i < RG_COUNT(SUITES); i++)
        fprintf(to, "  %-12s %s\n", SUITES[i].name, SUITES[i].help);
}

/* ---- lines ---- */

/* Appends the next line without its end; what is longer than the buffer may be is read and dropped. False at the end. */
static bool read_line(FILE *from, struct rg_buf *line)
{
    int c = getc_unlocked(from);
    if (c == EOF)
        return false;
    for (; c != EOF && c != '\n'; c = getc_unlocked(from))
        rg_buf_addc(line, (char)c);
    return true;
}

static size_t skip_blanks(struct rg_str text, size_t at)
{
    while (at < text.n && text.p[at] != '\0' && strchr(" \t\r", text.p[at]) != NULL)
        at++;
    return at;
}

/* ---- answers ---- */

/* Behind the place `at`, past blanks and the given text; 0: something else stands there. */
static size_t expect(struct rg_str line, size_t at, const char *text)
{
    size_t n = strlen(text);
    at = skip_blanks(line, at);
    return at + n <= line.n && memcmp(line.p + at, text, n) == 0 ? at + n : 0;
}

/* The id of a question that cannot be read, when it is the first member and a text or a number: as JSON; absent otherwise. */
static struct rg_str visible_id(struct rg_str line)
{
    size_t at = expect(line, 0, "{");
    if (at == 0 || (at = expect(line, at, "\"id\"")) == 0 || (at = expect(line, at, ":")) == 0)
        return (struct rg_str){NULL, 0};
    at = skip_blanks(line, at);
    size_t end = at;
    if (end < line.n && line.p[end] == '"') {
        for (end++; end < line.n && line.p[end] != '"'; end++)
            end += line.p[end] == '\\';
        end++;
    } else {
        while (end < line.n && line.p[end] != '\0' && strchr("+-.0123456789eE", line.p[end]) != NULL)
            end++;
    }
    return end <= line.n ? (struct rg_str){line.p + at, end - at} : (struct rg_str){NULL, 0};
}

static void answer_error(const struct rg_json_value *id, const char *error, struct rg_buf *out)
{
    struct rg_jw answer;
    rg_buf_reset(out);
    rg_jw_init(&answer, out);
    rg_jw_object(&answer);
    rg_jw_key(&answer, "id");
    rg_jw_value(&answer, id);
    rg_jw_member_cstr(&answer, "error", error);
    rg_jw_object_end(&answer);
    rg_jw_done(&answer);
}

static void answer_unreadable(struct rg_str line, const char *error, struct rg_buf *out)
{
    struct rg_json *id RG_CLEANUP(rg_json_free) = NULL;
    struct rg_str visible = visible_id(line);
    bool found = visible.n > 0 && rg_json_parse(visible, QUESTION_MAX_BYTES, &id, NULL) == 0;
    answer_error(found ? rg_json_root(id) : NULL, error, out);
}

static void answer_question(const struct suite *suite, const struct rg_json_value *question, struct rg_buf *out)
{
    const struct rg_json_value *id = rg_json_get(question, "id");
    struct rg_jw answer;
    if (rg_json_kind(question) != RG_JSON_OBJECT) {
        answer_error(NULL, "expected a JSON object", out);
        return;
    }
    rg_jw_init(&answer, out);
    rg_jw_object(&answer);
    rg_jw_key(&answer, "id");
    rg_jw_value(&answer, id);
    suite->answer(question, &answer);
    rg_jw_object_end(&answer);
    rg_jw_done(&answer);
    if (out->overflow)
        answer_error(id, "the answer would be longer than 64 MiB", out);
}

static void answer_line(const struct suite *suite, struct rg_str line, struct rg_buf *out)
{
    struct rg_json *doc RG_CLEANUP(rg_json_free) = NULL;
    struct rg_error err = {0};
    if (rg_json_parse(line, QUESTION_MAX_BYTES, &doc, &err) < 0)
        answer_unreadable(line, err.text, out);
    else
        answer_question(suite, rg_json_root(doc), out);
}

static void answer_all(const struct suite *suite, FILE *from, FILE *to)
{
    struct rg_buf line RG_CLEANUP(rg_buf_done), out RG_CLEANUP(rg_buf_done);
    rg_buf_init(&line, QUESTION_MAX_BYTES);
    rg_buf_init(&out, ANSWER_MAX_BYTES);
    for (; read_line(from, &line); rg_buf_reset(&line)) {
        if (skip_blanks(rg_buf_str(&line), 0) == line.len)
            continue;
        rg_buf_reset(&out);
        if (line.overflow)
            answer_unreadable(rg_buf_str(&line), "a question has at most 8 MiB", &out);
        else
            answer_line(suite, rg_buf_str(&line), &out);
        rg_buf_addc(&out, '\n');
        fwrite(out.data, 1, out.len, to);
        fflush(to);
    }
}

int main(int argc, char **argv)
{
    bool help = argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    const struct suite *suite = argc == 2 ? find_suite(argv[1]) : NULL;
    if (suite == NULL) {
        print_help(help ? stdout : stderr);
        return help ? 0 : 2;
    }
    answer_all(suite, stdin, stdout);
    return ferror(stdin) != 0 || ferror(stdout) != 0 ? 1 : 0;
}

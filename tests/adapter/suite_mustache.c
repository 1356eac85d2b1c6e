/* {template, data, partials} → {output}. Values are escaped for HTML, as the public specification has it; a name without a value
 * is nothing, and so is a partial that is not there. */
#include "tests/adapter/suite.h"

#include "tests/unit/producers/render/mu_json.h"

#define PARTIALS_MAX 64
#define DATA_BYTES ((size_t)64 * 1024 * 1024)
#define OUTPUT_BYTES_MAX ((size_t)8 * 1024 * 1024)

struct texts {
    struct rg_arena *arena;
    struct rg_mu_partial partials[PARTIALS_MAX];
    size_t partial_count;
};

/* `name` absent: the template itself. */
static const struct rg_mu_template *compile(struct texts *texts, struct rg_str name, struct rg_str source, struct rg_jw *answer)
{
    const struct rg_mu_template *template = NULL;
    struct rg_error err = {0};
    size_t offset = 0;
    char sentence[sizeof err.text + 128];
    if (rg_mu_compile(texts->arena, source, &template, &offset, &err) == 0)
        return template;
    int n = (int)(name.n < 64 ? name.n : 64);
    (void)snprintf(sentence, sizeof sentence, "%s%.*s, byte %zu: %s", name.p != NULL ? "partial " : "template", n,
                   name.p != NULL ? name.p : "", offset, err.text);
    rg_jw_member_cstr(answer, "error", sentence);
    return NULL;
}

static bool ask_partials(const struct rg_json_value *question, struct texts *texts, struct rg_jw *answer)
{
    const struct rg_json_value *partials = rg_json_get(question, "partials");
    bool fine = rg_json_kind(partials) <= RG_JSON_NULL || rg_json_kind(partials) == RG_JSON_OBJECT;
    RG_JSON_EACH(partial, partials) {
        struct rg_str source;
        fine = fine && texts->partial_count < PARTIALS_MAX && rg_json_str(partial, &source);
        if (!fine)
            break;
        struct rg_mu_partial *added = &texts->partials[texts->partial_count++];
        added->name = rg_json_key(partial);
        added->body = compile(texts, added->name, source, answer);
        if (added->body == NULL)
            return false;
    }
    if (!fine)
        rg_jw_member_cstr(answer, "error", "expected \"partials\" to be an object of at most 64 texts");
    return fine;
}

static void render(const struct rg_mu_template *template, const struct texts *texts, const struct rg_json_value *data,
                   struct rg_jw *answer)
{
    struct rg_buf output RG_CLEANUP(rg_buf_done);
    struct rg_error err = {0};
    const struct rg_mu_value value = mu_from_json(texts->arena, data);
    const struct rg_mu_options options = {
        .escape = RG_MU_HTML, .partials = texts->partials, .partial_count = texts->partial_count};
    rg_buf_init(&output, OUTPUT_BYTES_MAX);
    if (rg_mu_render(template, &value, &options, &output, NULL, &err) < 0)
        rg_jw_member_cstr(answer, "error", err.text);
    else
        rg_jw_member_str(answer, "output", output.len > 0 ? rg_buf_str(&output) : RG_STR(""));
}

void rg_suite_mustache(const struct rg_json_value *question, struct rg_jw *answer)
{
    struct rg_arena *arena RG_CLEANUP(rg_arena_free) = rg_arena_new(DATA_BYTES + (PARTIALS_MAX + 1) * RG_MU_ARENA_BYTES);
    struct texts texts = {.arena = arena};
    struct rg_str source;
    if (!rg_ask_str(question, "template", answer, &source))
        return;
    const struct rg_mu_template *template = compile(&texts, (struct rg_str){NULL, 0}, source, answer);
    if (template != NULL && ask_partials(question, &texts, answer))
        render(template, &texts, rg_json_get(question, "data"), answer);
}

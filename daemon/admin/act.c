/* Operators' acts: read strictly, written to regua.control with their author and reason, answered with what changed and how to
 * undo it. An act is in force when it has been read back, here and in every other process; the answer comes when Kafka has it. */
#include "daemon/admin/internal.h"

#include "base/core/log.h"

#include <string.h>

#define FIELDS_MAX 4
#define SPREAD_MAX_MS (90 * RG_MS_PER_DAY)

struct act {
    struct rg_json *doc;
    const struct rg_json_value *body;
    struct rg_str reason;
};

static void act_done(struct act *act)
{
    rg_json_free(&act->doc);
}

/* ---- the body ---- */

static bool known_fields(struct rg_admin_call *call, const struct rg_json_value *body, const char *const *fields)
{
    struct rg_str names[FIELDS_MAX];
    size_t count = 0;
    for (; fields[count] != NULL; count++)
        names[count] = rg_str(fields[count]);
    RG_JSON_EACH(member, body) {
        struct rg_str key = rg_json_key(member);
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known = known || rg_str_eq(key, names[i]);
        if (!known) {
            rg_admin_fail(call, 400, "invalid", "unknown member \"%.*s\"%s", (int)(key.n < 64 ? key.n : 64), key.p,
                          rg_admin_suggest(call, key, names, count));
            return false;
        }
    }
    return true;
}

/* One line of text; absent stays absent. */
static bool line(struct rg_admin_call *call, const struct rg_json_value *body, const char *field, size_t max, struct rg_str *ret)
{
    const struct rg_json_value *value = rg_json_get(body, field);
    struct rg_str text = {0};
    if (value == NULL || rg_json_kind(value) == RG_JSON_NULL) {
        *ret = text;
        return true;
    }
    bool fine = rg_json_str(value, &text) && text.n > 0 && text.n <= max;
    bool blank = true;
    for (size_t i = 0; fine && i < text.n; i++) {
        fine = (unsigned char)text.p[i] >= ' ' && text.p[i] != 0x7f;
        blank = blank && text.p[i] == ' ';
    }
    if (!fine || blank) {
        rg_admin_fail(call, 400, "invalid", "%s: a text of one line, 1 to %zu bytes, expected", field, max);
        return false;
    }
    *ret = text;
    return true;
}

/* Every act has a reason: it is what the next person reads. */
static bool begin(struct rg_admin_call *call, const char *const *fields, struct act *act)
{
    struct rg_error err;
    if (rg_json_parse(call->request->body, RG_HTTPD_BODY_BYTES_MAX, &act->doc, &err) < 0) {
        rg_admin_fail(call, 400, "invalid", "the body is not JSON: %s", err.text);
        return false;
    }
    act->body = rg_json_root(act->doc);
    if (rg_json_kind(act->body) != RG_JSON_OBJECT) {
        rg_admin_fail(call, 400, "invalid", "a JSON object expected");
        return false;
    }
    if (!known_fields(call, act->body, fields) || !line(call, act->body, "reason", RG_REASON_BYTES_MAX, &act->reason))
        return false;
    if (act->reason.p == NULL) {
        rg_admin_fail(call, 400, "invalid", "reason: say why, for whoever reads it next");
        return false;
    }
    return true;
}

/* What an act is dated by, and what a spread counts from. False, and the answer is given, while nobody has told the time. */
static bool shared_now(struct rg_admin_call *call, int64_t *ret_ms)
{
    *ret_ms = rg_shared_ms(&rg_daemon_runtime(call->admin->daemon)->clock);
    if (*ret_ms < 0)
        rg_admin_fail(call, 503, "unreachable", "the shared clock is not known yet: Redis has not answered");
    return *ret_ms >= 0;
}

static struct rg_control *control_of(struct rg_admin_call *call)
{
    struct rg_control *control = rg_daemon_control(call->admin->daemon);
    if (control == NULL)
        rg_admin_fail(call, 503, "unreachable", "Kafka has not answered yet: an act cannot be recorded");
    return control;
}

/* ---- answers ---- */

static void done(struct rg_admin_call *call, const struct act *act, const char *name, struct rg_str what, const char *undo)
{
    struct rg_jw jw;
    rg_log(RG_LOG_NOTICE, "ACT", RG_LOG_NO_CTX, "operator " RG_STR_FMT ": %s: " RG_STR_FMT "; reason: " RG_STR_FMT,
           RG_STR_ARG(call->who->name), name, RG_STR_ARG(what), RG_STR_ARG(act->reason));
    rg_admin_json(call, &jw);
    rg_jw_object(&jw);
    rg_jw_member_cstr(&jw, "act", name);
    rg_jw_member_str(&jw, "by", call->who->name);
    rg_jw_member_str(&jw, "changed", what);
    rg_jw_member_cstr(&jw, "undo", undo);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
}

/* ---- go-live ---- */

/* What an act would make live: steps up to the named one, but for those that a file keeps in shadow. */
struct effect {
    bool known; /* some ladder has the step */
    int live, kept; /* steps */
    struct rg_str *names;
    size_t count;
};

static struct effect effect_of(struct rg_admin_call *call, const struct rg_rules *rules, struct rg_str max_step)
{
    struct effect effect = {.known = false};
    size_t all = 0;
    for (int i = 0; i < rules->ladder_count; i++)
        all += (size_t)rules->ladders[i].step_count;
    effect.names = RG_NEW(call->arena, struct rg_str, all + 1);
    for (int i = 0; i < rules->ladder_count; i++) {
        const struct rg_ladder *ladder = &rules->ladders[i];
        const struct rg_step *last = rg_ladder_step(ladder, max_step);
        effect.known = effect.known || last != NULL;
        for (int k = 0; k < ladder->step_count; k++) {
            effect.names[effect.count++] = rg_arena_str(call->arena, ladder->steps[k].name);
            bool covered = last != NULL && k <= last->index;
            bool shadow = ladder->mode == RG_MODE_SHADOW || ladder->steps[k].mode == RG_MODE_SHADOW;
            effect.live += covered && !shadow;
            effect.kept += covered && shadow;
        }
    }
    return effect;
}

static bool read_spread(struct rg_admin_call *call, const struct act *act, int64_t *ret_ms)
{
    struct rg_str text;
    struct rg_duration spread = {0};
    *ret_ms = 0;
    if (!line(call, act->body, "spread", 32, &text))
        return false;
    if (text.p == NULL)
        return true;
    bool fine = rg_parse_duration(text, &spread) && spread.unit != RG_UNIT_BANK_DAY && rg_duration_ms(spread) <= SPREAD_MAX_MS;
    if (!fine) {
        rg_admin_fail(call, 400, "invalid", "spread: a duration such as 5d or 12h expected, at most 90d");
        return false;
    }
    *ret_ms = rg_duration_ms(spread);
    return true;
}

/* False, and the answer is given, when the act would do nothing or is not a careful one. */
static bool check_go_live(struct rg_admin_call *call, const struct act *act, struct rg_str *ret_step, struct effect *ret_effect)
{
    if (!line(call, act->body, "max_step", RG_NAME_MAX, ret_step))
        return false;
    if (ret_step->p == NULL) {
        rg_admin_fail(call, 409, "refused",
                      "going live without a cap is refused: max_step names the last step that may leave shadow mode");
        return false;
    }
    struct rg_runtime *runtime = rg_daemon_runtime(call->admin->daemon);
    struct rg_ruleset *set = rg_runtime_rules(runtime);
    *ret_effect = effect_of(call, set->rules, *ret_step);
    rg_ruleset_unref(&set);
    if (!ret_effect->known)
        rg_admin_fail(call, 400, "unknown_step", "no ladder has a step \"" RG_STR_FMT "\"%s", RG_STR_ARG(*ret_step),
                      rg_admin_suggest(call, *ret_step, ret_effect->names, ret_effect->count));
    else if (ret_effect->live == 0)
        rg_admin_fail(
            call, 409, "refused",
            "nothing would go live: regua.yaml or the ladder says mode: shadow, and an act cannot raise what a file has lowered");
    return ret_effect->known && ret_effect->live > 0;
}

void rg_admin_go_live(struct rg_admin_call *call)
{
    static const char *const fields[] = {"max_step", "spread", "reason", NULL};
    RG_CLEANUP(act_done) struct act act = {0};
    struct rg_str max_step;
    struct effect effect;
    struct rg_error err;
    int64_t spread_ms = 0, now_ms;
    if (!begin(call, fields, &act) || !read_spread(call, &act, &spread_ms) || !check_go_live(call, &act, &max_step, &effect) ||
        !shared_now(call, &now_ms))
        return;
    struct rg_control *control = control_of(call);
    if (control == NULL)
        return;
    if (rg_control_go_live(control, max_step, spread_ms, call->who->name, act.reason, &err) < 0) {
        rg_admin_fail_err(call, &err);
        return;
    }
    struct rg_str what = rg_arena_printf(call->arena, "%d step%s up to " RG_STR_FMT " %s live%s%s", effect.live,
                                         effect.live == 1 ? "" : "s", RG_STR_ARG(max_step), effect.live == 1 ? "is" : "are",
                                         spread_ms > 0 ? ", debtors spread over the time given" : " for every debtor at once",
                                         effect.kept > 0 ? "; steps that a file keeps in shadow stay there" : "");
    done(call, &act, "go-live", what, "reguactl stop --confirm=regua; a later go-live with an earlier step lowers the cap");
}

/* ---- stop and resume ---- */

static void stop_or_resume(struct rg_admin_call *call, bool stop)
{
    static const char *const fields[] = {"reason", NULL};
    RG_CLEANUP(act_done) struct act act = {0};
    struct rg_error err;
    if (!begin(call, fields, &act))
        return;
    struct rg_control *control = control_of(call);
    if (control == NULL)
        return;
    if (rg_control_stop(control, stop, call->who->name, act.reason, &err) < 0) {
        rg_admin_fail_err(call, &err);
        return;
    }
    if (stop)
        done(call, &act, "stop", RG_STR("nothing new is delivered by any process; what a provider already has cannot be called back"),
             "reguactl resume");
    else
        done(call, &act, "resume", RG_STR("delivery goes on; what waited is looked at again by its gates"),
             "reguactl stop --confirm=regua");
}

void rg_admin_stop(struct rg_admin_call *call)
{
    stop_or_resume(call, true);
}

void rg_admin_resume(struct rg_admin_call *call)
{
    stop_or_resume(call, false);
}

/* ---- synced ---- */

static bool check_source(struct rg_admin_call *call, struct rg_str name)
{
    const struct rg_site *site = call->admin->site;
    const struct rg_site_source *source = name.p == NULL ? NULL : rg_site_source(site, name);
    if (source != NULL && source->payments == RG_SITE_PAYMENTS_SYNCED)
        return true;
    struct rg_str *names = RG_NEW(call->arena, struct rg_str, site->sources.count + 1);
    for (size_t i = 0; i < site->sources.count; i++)
        names[i] = rg_site_sources(site)[i].section.name;
    if (name.p == NULL)
        rg_admin_fail(call, 400, "invalid", "source: the name of a source expected");
    else if (source == NULL)
        rg_admin_fail(call, 400, "unknown_source", "no source \"" RG_STR_FMT "\"%s", RG_STR_ARG(name),
                      rg_admin_suggest(call, name, names, site->sources.count));
    else
        rg_admin_fail(call, 409, "refused",
                      "payments of source " RG_STR_FMT " are not declared as synced (sources." RG_STR_FMT
                      ".payments): nobody would read this",
                      RG_STR_ARG(name), RG_STR_ARG(name));
    return false;
}

/* In the future it would promise payments that nobody can know of yet. */
static bool read_through(struct rg_admin_call *call, const struct act *act, int64_t *ret_ms)
{
    struct rg_str text;
    int64_t now_ms;
    if (!line(call, act->body, "through", 64, &text) || !shared_now(call, &now_ms))
        return false;
    *ret_ms = now_ms;
    if (text.p != NULL && !rg_instant_parse(text, ret_ms)) {
        rg_admin_fail(call, 400, "invalid", "through: an instant such as 2026-11-23T23:59:59-03:00 expected");
        return false;
    }
    if (*ret_ms > now_ms) {
        rg_admin_fail(call, 409, "refused", "through lies in the future: nobody knows those payments yet");
        return false;
    }
    return true;
}

void rg_admin_synced(struct rg_admin_call *call)
{
    static const char *const fields[] = {"source", "through", "reason", NULL};
    RG_CLEANUP(act_done) struct act act = {0};
    struct rg_str source;
    struct rg_error err;
    int64_t through_ms = 0;
    if (!begin(call, fields, &act) || !line(call, act.body, "source", RG_NAME_MAX, &source) || !check_source(call, source) ||
        !read_through(call, &act, &through_ms))
        return;
    struct rg_control *control = control_of(call);
    if (control == NULL)
        return;
    if (rg_control_synced(control, source, through_ms, call->who->name, act.reason, &err) < 0) {
        rg_admin_fail_err(call, &err);
        return;
    }
    char instant[RG_INSTANT_TEXT_MAX];
    rg_instant_format(through_ms, RG_ADMIN_ZONE_MINUTES, instant);
    done(call, &act, "synced",
         rg_arena_printf(call->arena, "payments of " RG_STR_FMT " are known through %s", RG_STR_ARG(source), instant),
         "nothing: what was known cannot be unknown; a stop holds everything back");
}

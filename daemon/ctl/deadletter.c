/* reguactl deadletter: what could not be read, why, and a second chance. The letters are read from their topic from the beginning to
 * the end that it has now, one at a time, so that a million of them need no memory; sending again means writing them as they came
 * into regua.retry, which ingest reads as a source of its own. Events fold by their identity, so a letter that is sent twice counts
 * once. Needs access to Kafka, no running daemon. */
#include "daemon/ctl/letters.h"

#include "base/core/suggest.h"
#include "base/json/write.h"
#include "daemon/connections.h"

#include <string.h>

#define ARENA_BYTES (RG_SITE_ARENA_BYTES + ((size_t)16 << 20))
#define ASK_MS 15000
#define GROUPS_MAX 1024
#define BRASILIA_MINUTES (-180)
#define OUTPUT_BYTES_MAX ((size_t)8 << 20)

/* ---- list ---- */

struct group {
    char reason[64], topic[RG_KAFKA_TOPIC_NAME_MAX + 1], first_at[40], last_at[40], last[RG_KAFKA_TOPIC_NAME_MAX + 40];
    int64_t count;
};
struct groups {
    struct group items[GROUPS_MAX];
    size_t count;
    int64_t letters;
};

#define KEEP(into, text) ((void)snprintf((into), sizeof(into), RG_STR_FMT, RG_STR_ARG(text)))

static struct group *group_of(struct groups *groups, const struct letter *letter)
{
    struct rg_str topic = letters_topic_of(letter->place);
    for (size_t i = 0; i < groups->count; i++)
        if (rg_str_is(letter->reason, groups->items[i].reason) && rg_str_is(topic, groups->items[i].topic))
            return &groups->items[i];
    if (groups->count == GROUPS_MAX)
        return NULL;
    struct group *group = &groups->items[groups->count++];
    KEEP(group->reason, letter->reason);
    KEEP(group->topic, topic);
    KEEP(group->first_at, letter->at);
    return group;
}

/* Instants of one shape: the later one is the greater text. */
static bool count_letter(struct letters *l, const struct letter *letter, void *ctx)
{
    struct groups *groups = ctx;
    struct group *group = group_of(groups, letter);
    char at[sizeof group->last_at];
    (void)l;
    groups->letters++;
    if (group == NULL)
        return true; /* counted in all, if not by name */
    group->count++;
    KEEP(at, letter->at);
    if (strcmp(at, group->first_at) < 0)
        memcpy(group->first_at, at, sizeof at);
    if (strcmp(at, group->last_at) >= 0) {
        memcpy(group->last_at, at, sizeof at);
        KEEP(group->last, letter->place);
    }
    return true;
}

/* Text of others: whatever it was, the output stays valid. */
static void member(struct rg_jw *jw, const char *key, struct rg_str text)
{
    if (rg_utf8_valid(text))
        rg_jw_member_str(jw, key, text);
    else
        rg_jw_member_null(jw, key);
}

/* In the zone that all of reguactl speaks of. */
static void member_instant(struct rg_jw *jw, const char *key, struct rg_str text)
{
    char instant[RG_INSTANT_TEXT_MAX];
    int64_t ms = 0;
    if (!rg_instant_parse(text, &ms)) {
        rg_jw_member_null(jw, key);
        return;
    }
    rg_instant_format(ms, BRASILIA_MINUTES, instant);
    rg_jw_member_cstr(jw, key, instant);
}

static void write_groups(const struct groups *groups, struct rg_jw *jw)
{
    rg_jw_object(jw);
    rg_jw_member_int(jw, "letters", groups->letters);
    rg_jw_member_array(jw, "groups");
    for (size_t i = 0; i < groups->count; i++) {
        const struct group *group = &groups->items[i];
        rg_jw_object(jw);
        member(jw, "reason", rg_str(group->reason));
        member(jw, "topic", rg_str(group->topic));
        rg_jw_member_int(jw, "count", group->count);
        member_instant(jw, "first_at", rg_str(group->first_at));
        member_instant(jw, "last_at", rg_str(group->last_at));
        member(jw, "last", rg_str(group->last));
        rg_jw_object_end(jw);
    }
    rg_jw_array_end(jw);
    rg_jw_object_end(jw);
    rg_jw_done(jw);
}

static int list(struct letters *l, struct rg_error *err)
{
    static const struct rg_ctl_column columns[] = {{"REASON", "reason", RG_CTL_TEXT},     {"TOPIC", "topic", RG_CTL_TEXT},
                                                   {"COUNT", "count", RG_CTL_NUMBER},     {"FIRST", "first_at", RG_CTL_INSTANT},
                                                   {"LAST", "last_at", RG_CTL_INSTANT}, {"LAST PLACE", "last", RG_CTL_TEXT}};
    struct groups *groups = RG_NEW(l->arena, struct groups, 1);
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    RG_CLEANUP(rg_json_free) struct rg_json *doc = NULL;
    struct rg_jw jw;
    rg_buf_init(&text, OUTPUT_BYTES_MAX);
    int rc = letters_walk(l, count_letter, groups, err);
    if (rc < 0)
        return rc;
    rg_jw_init(&jw, &text);
    write_groups(groups, &jw);
    if (rg_ctl_option(l->ctl, "json") != NULL) {
        puts(rg_buf_cstr(&text));
        return RG_EXIT_FINE;
    }
    if (rg_json_parse(rg_buf_str(&text), OUTPUT_BYTES_MAX, &doc, err) < 0)
        return err->code;
    rg_ctl_table(rg_json_get(rg_json_root(doc), "groups"), columns, RG_COUNT(columns));
    printf("%lld dead letter%s\n", (long long)groups->letters, groups->letters == 1 ? "" : "s");
    return RG_EXIT_FINE;
}

/* ---- show ---- */

static void write_letter(const struct letter *letter, bool reveal, struct rg_jw *jw)
{
    const char *name = NULL;
    struct rg_str value;
    rg_jw_object(jw);
    member(jw, "place", letter->place);
    member(jw, "reason", letter->reason);
    member(jw, "detail", letter->detail);
    member_instant(jw, "at", letter->at);
    rg_jw_member_int(jw, "partition", letter->event->partition);
    rg_jw_member_int(jw, "offset", letter->event->offset);
    member(jw, "key", letter->event->key);
    rg_jw_member_int(jw, "bytes", (int64_t)letter->event->value.n);
    rg_jw_member_object(jw, "headers");
    for (size_t i = 0; rg_kafka_event_header_at(letter->event, i, &name, &value); i++)
        if (!letters_own_header(name) && rg_utf8_valid(rg_str(name)))
            member(jw, name, value);
    rg_jw_object_end(jw);
    if (reveal)
        member(jw, "value", letter->event->value);
    rg_jw_object_end(jw);
    rg_jw_done(jw);
}

static void say(const char *label, struct rg_str text)
{
    printf("%-9s ", label);
    rg_ctl_say(text);
    putchar('\n');
}

static void print_letter(const struct rg_json_value *root, const char *topic, bool reveal)
{
    say("place", rg_ctl_text(root, "place"));
    say("reason", rg_ctl_text(root, "reason"));
    say("detail", rg_ctl_text(root, "detail"));
    say("at", rg_ctl_text(root, "at"));
    printf("%-9s %s/%lld/%lld\n", "letter", topic, (long long)rg_ctl_int(root, "partition"), (long long)rg_ctl_int(root, "offset"));
    say("key", rg_ctl_text(root, "key"));
    RG_JSON_EACH(header, rg_json_get(root, "headers")) {
        struct rg_str value;
        if (!rg_json_str(header, &value))
            continue;
        printf("%-9s ", "header");
        rg_ctl_say(rg_json_key(header));
        printf(": ");
        rg_ctl_say(value);
        putchar('\n');
    }
    printf("%-9s %lld\n", "bytes", (long long)rg_ctl_int(root, "bytes"));
    if (!reveal) {
        puts("          --reveal prints them; they may hold personal data");
        return;
    }
    putchar('\n');
    rg_ctl_say(rg_json_kind(rg_json_get(root, "value")) == RG_JSON_STRING ? rg_ctl_text(root, "value")
                                                                         : RG_STR("(no UTF-8: kcat prints the bytes)"));
    putchar('\n');
}

static bool show_letter(struct letters *l, const struct letter *letter, void *ctx)
{
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    RG_CLEANUP(rg_json_free) struct rg_json *doc = NULL;
    bool reveal = rg_ctl_option(l->ctl, "reveal") != NULL;
    struct rg_jw jw;
    bool *shown = ctx;
    rg_buf_init(&text, OUTPUT_BYTES_MAX);
    rg_jw_init(&jw, &text);
    write_letter(letter, reveal, &jw);
    if (rg_ctl_option(l->ctl, "json") != NULL)
        puts(rg_buf_cstr(&text));
    else if (rg_json_parse(rg_buf_str(&text), OUTPUT_BYTES_MAX, &doc, NULL) == 0)
        print_letter(rg_json_root(doc), l->site->kafka.topics.deadletter.p, reveal);
    *shown = true;
    return false; /* one place may have several letters; they say the same */
}

static int show(struct letters *l, struct rg_error *err)
{
    bool shown = false;
    int rc = letters_walk(l, show_letter, &shown, err);
    if (rc == 0 && !shown) {
        fprintf(stderr, "reguactl deadletter: no dead letter of %s; letters are kept for 30 days\n", l->ctl->args[1]);
        return RG_EXIT_FINDINGS;
    }
    return rc;
}

/* ---- replay ---- */

struct replay {
    struct rg_kafka_producer *producer; /* NULL: only count */
    int partitions;
    int64_t matched, ours, cut, sent, failed;
};

static void on_report(void *ctx, const struct rg_kafka_report *report)
{
    struct replay *replay = ctx;
    replay->sent += report->err.code == 0;
    replay->failed += report->err.code != 0;
}

/* Whether it can be read again: as upstream wrote it, and whole. */
static bool can_be_sent(const struct letters *l, const struct letter *letter, struct replay *replay)
{
    const struct rg_site_topics *t = &l->site->kafka.topics;
    struct rg_str topic = letters_topic_of(letter->place);
    bool ours = rg_str_eq(topic, t->ledger) || rg_str_eq(topic, t->people), cut = rg_str_has(rg_kafka_event_header(letter->event, RG_LETTER_SHA256));
    replay->ours += ours;
    replay->cut += !ours && cut;
    return !ours && !cut;
}

static int send_letter(struct letters *l, const struct letter *letter, struct replay *replay)
{
    struct rg_kafka_header headers[RG_KAFKA_HEADERS_MAX];
    struct rg_kafka_record record = {.topic = l->site->kafka.topics.retry.p, .partition = letter->event->partition % replay->partitions,
                                     .key = letter->event->key, .value = letter->event->value, .headers = headers};
    const char *name = NULL;
    struct rg_str value;
    headers[record.headers_n++] = (struct rg_kafka_header){RG_LETTER_SOURCE, letter->place};
    for (size_t i = 0; record.headers_n < RG_KAFKA_HEADERS_MAX && rg_kafka_event_header_at(letter->event, i, &name, &value); i++)
        if (!letters_own_header(name))
            headers[record.headers_n++] = (struct rg_kafka_header){name, value};
    int64_t until_ms = rg_boot_ms(rg_clock_system()) + ASK_MS;
    int rc;
    while ((rc = rg_kafka_producer_send(replay->producer, &record, &l->err)) == RG_ELIMIT && rg_boot_ms(rg_clock_system()) < until_ms)
        rg_kafka_producer_poll(replay->producer, 100);
    return rc;
}

static bool replay_letter(struct letters *l, const struct letter *letter, void *ctx)
{
    struct replay *replay = ctx;
    if (!can_be_sent(l, letter, replay))
        return true;
    replay->matched++;
    if (replay->producer != NULL)
        l->rc = send_letter(l, letter, replay);
    return l->rc == 0;
}

static int send_all(struct letters *l, struct replay *replay, struct rg_error *err)
{
    const struct rg_kafka_producer_options options = {.on_report = on_report, .ctx = replay, .record_max_bytes = RG_LETTER_RECORD_BYTES_MAX};
    *replay = (struct replay){.producer = NULL};
    int rc = rg_kafka_producer_new(&l->kafka, &options, &replay->producer, err);
    if (rc == 0)
        rc = rg_kafka_producer_open(replay->producer, l->site->kafka.topics.retry.p, ASK_MS, &replay->partitions, err);
    if (rc == 0)
        rc = letters_walk(l, replay_letter, replay, err);
    if (rc == 0 && l->rc < 0) {
        *err = l->err;
        rc = l->rc;
    }
    if (rc == 0)
        rc = rg_kafka_producer_flush(replay->producer, ASK_MS, err);
    if (rc == 0 && replay->failed > 0)
        rc = rg_fail(err, RG_EIO, "%lld of %lld were not taken by Kafka; sending them again is safe", (long long)replay->failed,
                     (long long)replay->matched);
    if (replay->producer != NULL)
        rg_kafka_producer_free(&replay->producer, RG_KAFKA_FREE_MS);
    return rc;
}

static void say_replay(const struct letters *l, const struct replay *replay, bool done)
{
    if (rg_ctl_option(l->ctl, "json") != NULL) {
        printf("{\"letters\":%lld,\"sent\":%lld,\"not_upstreams\":%lld,\"cut_short\":%lld}\n", (long long)replay->matched, (long long)replay->sent,
               (long long)replay->ours, (long long)replay->cut);
        return;
    }
    printf(done ? "%lld dead letter%s sent again\n" : "%lld dead letter%s would be sent again\n", (long long)replay->matched,
           replay->matched == 1 ? "" : "s");
    if (replay->ours > 0)
        printf("%lld are records of our own topics, which nobody can send again\n", (long long)replay->ours);
    if (replay->cut > 0)
        printf("%lld were too large to be kept whole\n", (long long)replay->cut);
    if (done)
        fputs("they are read as source regua.retry; what is still wrong comes back: reguactl deadletter list\n", stderr);
}

static int replay(struct letters *l, struct rg_error *err)
{
    struct replay replay = {.producer = NULL};
    bool dry = rg_ctl_option(l->ctl, "dry-run") != NULL, sure = l->ctl->arg_count > 1 || rg_ctl_option(l->ctl, "yes") != NULL;
    int rc = letters_walk(l, replay_letter, &replay, err);
    if (rc < 0)
        return rc;
    if (dry || replay.matched == 0 || !sure) {
        say_replay(l, &replay, false);
        if (replay.matched > 0 && !dry)
            fputs("reguactl deadletter: if you mean all of them: --yes\n", stderr);
        return replay.matched == 0 ? RG_EXIT_FINDINGS : dry ? RG_EXIT_FINE : RG_EXIT_REFUSED;
    }
    rc = send_all(l, &replay, err);
    if (rc == 0)
        say_replay(l, &replay, true);
    return rc;
}

/* ---- the command ---- */

static int check_reason(const struct letters *l)
{
    const char *reasons[RG_INGEST_REASONS + 1] = {[RG_INGEST_REASONS] = RG_DEAD_CRASHED};
    for (int i = 0; i < RG_INGEST_REASONS; i++)
        reasons[i] = rg_ingest_reason(i);
    for (size_t i = 0; i < RG_COUNT(reasons); i++)
        if (l->reason == NULL || strcmp(reasons[i], l->reason) == 0)
            return RG_EXIT_FINE;
    const char *near = rg_suggest(rg_str(l->reason), reasons, RG_COUNT(reasons));
    fprintf(stderr, "reguactl deadletter: there is no reason \"%s\"", l->reason);
    fprintf(stderr, near != NULL ? ", did you mean \"%s\"?\n" : "; reguactl deadletter list shows those there are\n", near);
    return RG_EXIT_USAGE;
}

/* topic/partition/offset */
static int check_places(const struct rg_ctl *ctl)
{
    for (size_t i = 1; i < ctl->arg_count; i++) {
        const char *place = ctl->args[i], *slash = strchr(place, '/');
        size_t n = slash == NULL ? 0 : strspn(slash + 1, "0123456789");
        const char *second = slash == NULL ? NULL : slash + 1 + n;
        bool fine = slash != NULL && slash > place && n > 0 && *second == '/' && second[1] != '\0' &&
                    second[1 + strspn(second + 1, "0123456789")] == '\0';
        if (fine)
            continue;
        fprintf(stderr, "reguactl deadletter: \"%s\" is no place; one such as billing.events/3/88120 expected\n", place);
        return RG_EXIT_USAGE;
    }
    return RG_EXIT_FINE;
}

static void letters_done(struct letters *l)
{
    rg_arena_free(&l->arena);
}

int rg_ctl_deadletter(struct rg_ctl *ctl)
{
    static const struct {
        const char *name;
        int (*run)(struct letters *letters, struct rg_error *err);
        bool place; /* needs one */
    } acts[] = {{"list", list, false}, {"show", show, true}, {"replay", replay, false}};
    RG_CLEANUP(letters_done) struct letters l = {.ctl = ctl, .arena = rg_arena_new(ARENA_BYTES), .reason = rg_ctl_option(ctl, "reason"),
                                                 .topic = rg_ctl_option(ctl, "topic")};
    struct rg_error err = {0};
    size_t i = 0;
    while (i < RG_COUNT(acts) && strcmp(acts[i].name, ctl->args[0]) != 0)
        i++;
    if (i == RG_COUNT(acts)) {
        fprintf(stderr, "reguactl deadletter: \"%s\": list, show or replay expected\n", ctl->args[0]);
        return RG_EXIT_USAGE;
    }
    if (acts[i].place && ctl->arg_count < 2) {
        fputs("reguactl deadletter show: a place such as billing.events/3/88120 expected; reguactl deadletter list shows some\n", stderr);
        return RG_EXIT_USAGE;
    }
    int status = check_reason(&l);
    if (status == RG_EXIT_FINE)
        status = check_places(ctl);
    if (status == RG_EXIT_FINE)
        status = rg_ctl_site(ctl, l.arena, &l.site);
    if (status != RG_EXIT_FINE)
        return status;
    int rc = rg_connect_kafka(l.site, l.arena, "reguactl", rg_clock_system(), &l.kafka, &err);
    if (rc == 0)
        rc = acts[i].run(&l, &err);
    return rc >= 0 ? rc : rg_ctl_kafka_failed(ctl, l.site, &err);
}

/* From regua.yaml to its rules: what channels can prove, which paths are meant, and a policy that nobody named. */
#include "config/ladder/load.h"
#include "config/site/site.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define SITE \
    "language: 1\n" \
    "creditors: { provedor: { name: Provedor, document: 12.345.678/0001-95, address: \"Rua 1\", email: a@b.example } }\n" \
    "services: { internet: { sector: telecom, creditor: provedor } }\n" \
    "kafka: { brokers: [\"127.0.0.1:9092\"] }\n" \
    "redis: { url: \"unix:///run/redis/redis.sock\" }\n" \
    "sources: { billing: { topic: billing.events, live: true } }\n" \
    "test_recipients: [a@b.example]\n" \
    "channels:\n" \
    "  email: { transport: smtp, url: \"smtp://127.0.0.1:25\", tls: none, from: \"A <a@b.example>\" }\n" \
    "  whatsapp: { transport: http, preset: whatsapp-cloud, url: \"https://graph.example\", version: v23.0, phone_number_id: " \
    "\"1\", " \
    "token: { credential: t } }\n" \
    "  sms: { transport: http, preset: sms-http, url: \"https://sms.example\", token: { credential: t }, evidence: accepted }\n" \
    "  letter: { transport: spool, directory: letters }\n"

#define LADDER \
    "language: 1\nladder: a\npriority: 1\nmode: live\ndefaults: { via: [email] }\nsteps:\n" \
    "  b: { day: D+1, tone: reminder, template: t }\ntemplates:\n  t: \"a {{> credor}}\"\n"

struct made {
    char path[64], file[80], shipped[1024];
    struct rg_arena *arena;
    struct rg_diags *diags;
    struct rg_rules *rules;
    struct rg_templates *templates;
    struct rg_inventory inventory;
    int rc;
};

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static void put(const struct made *m, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", m->path, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void make(struct made *m, const char *more, const char *policy)
{
    char path[256], yaml[4096];
    *m = (struct made){.arena = rg_arena_new(RG_SITE_ARENA_BYTES), .diags = rg_diags_new()};
    (void)snprintf(m->path, sizeof m->path, "/tmp/regua-site-XXXXXX");
    assert_non_null(mkdtemp(m->path));
    (void)snprintf(path, sizeof path, "%s/rules.d", m->path);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(m->file, sizeof m->file, "%s/regua.yaml", m->path);
    (void)snprintf(m->shipped, sizeof m->shipped, "%s/config/shipped", getenv("RG_SOURCE_DIR"));
    (void)snprintf(yaml, sizeof yaml, "%s%s", SITE, more);
    put(m, "regua.yaml", yaml);
    put(m, "rules.d/a.yaml", LADDER);
    if (policy != NULL)
        put(m, "policy.yaml", policy);
    const struct rg_site *site = NULL;
    int rc = rg_site_load(m->file, m->shipped, m->arena, m->diags, &site);
    if (rc < 0) {
        struct rg_buf text RG_CLEANUP(rg_buf_done);
        rg_buf_init(&text, 64 * 1024);
        rg_diags_print(m->diags, RG_DIAGS_PLAIN, &text);
        fail_msg("%s", rg_buf_cstr(&text));
    }
    m->rc = rg_rules_load(site, m->diags, &m->rules, &m->templates, &m->inventory);
}

static void done(struct made *m)
{
    rg_rules_free(&m->rules);
    rg_templates_free(&m->templates);
    rg_diags_free(&m->diags);
    rg_arena_free(&m->arena);
    (void)nftw(m->path, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* a temporary directory */
}

static enum rg_evidence best(const struct made *m, const char *channel)
{
    int index = rg_rules_channel(m->rules, rg_str(channel));
    assert_true(index >= 0);
    return m->rules->channels[index].best_evidence;
}

static void installation(void **state)
{
    (void)state;
    struct made m;
    make(&m, "rules: [rules.d]\n", NULL);
    assert_int_equal(m.rc, 0);
    assert_int_equal(best(&m, "email"), RG_EVIDENCE_ACCEPTED);
    assert_int_equal(best(&m, "whatsapp"), RG_EVIDENCE_READ); /* its preset's word */
    assert_int_equal(best(&m, "sms"), RG_EVIDENCE_ACCEPTED);  /* its own, over the preset's */
    assert_int_equal(best(&m, "letter"), RG_EVIDENCE_DELIVERED);
    assert_int_equal(best(&m, "signals"), RG_EVIDENCE_ACCEPTED);
    assert_true(m.rules->source_count == 1 && m.rules->sources[0].payments == RG_PAYMENTS_LIVE);
    assert_true(rg_str_is(rg_rules_service(m.rules, RG_STR("internet"))->creditor, "provedor"));
    assert_int_equal(m.rules->policy.fees.fine_percent.units, 2);
    assert_int_equal(m.inventory.ladders, 1);
    done(&m);
}

static void policies(void **state)
{
    (void)state;
    struct made m;
    make(&m, "rules: [rules.d]\n", "language: 1\npolicy: p\nfees: { fine_percent: \"1\" }\n"); /* found without being named */
    assert_int_equal(m.rc, 0);
    assert_int_equal(m.rules->policy.fees.fine_percent.units, 1);
    done(&m);
    make(&m, "rules: [rules.d]\npolicy: other.yaml\n", NULL); /* named, and not there */
    assert_int_equal(m.rc, RG_EINVAL);
    assert_int_equal(rg_diags_errors(m.diags), 1);
    done(&m);
    make(&m, "rules: [rules.d/a.yaml]\n", NULL); /* a file is as good as a directory */
    assert_int_equal(m.rc, 0);
    done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(installation), cmocka_unit_test(policies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The program reguactl itself, run against a real admin port with a cardboard daemon behind it: what it prints, where, and how it
 * ends. */
#include "base/core/file.h"
#include "base/core/log.h"
#include "base/kafka/kafka.h"
#include "daemon/rules/explain.h"
#include "tests/fakes/mock_broker.h"
#include "tests/unit/daemon/admin/fake_daemon.h"
#include "tests/unit/daemon/rules/play.h"
#include "tests/unit/support/cmocka.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef RG_REGUACTL
#error "the build says where reguactl is"
#endif

#define ARGS_MAX 20
#define OUTPUT_BYTES_MAX ((size_t)4 * 1024 * 1024)

struct rig {
    struct rg_daemon daemon;
    char home[64], url[64];
    struct rg_buf out, err;
};

/* ---- running it ---- */

static void drain(int fds[2], struct rg_buf *bufs[2])
{
    bool open[2] = {true, true};
    while (open[0] || open[1]) {
        struct pollfd polls[2] = {{.fd = open[0] ? fds[0] : -1, .events = POLLIN},
                                  {.fd = open[1] ? fds[1] : -1, .events = POLLIN}};
        int n = poll(polls, 2, 30000);
        assert_true(n > 0);
        for (int i = 0; i < 2; i++) {
            char bytes[4096];
            if (polls[i].revents == 0)
                continue;
            ssize_t got = read(fds[i], bytes, sizeof bytes);
            if (got > 0)
                rg_buf_add(bufs[i], bytes, (size_t)got);
            else
                open[i] = false;
        }
    }
}

static pid_t start(const char *const *args, const char *const *environment, int ret_fds[2])
{
    int out[2], err[2];
    char *argv[ARGS_MAX + 10] = {rg_strdup("reguactl")}, *envp[8] = {NULL};
    pid_t pid = 0;
    posix_spawn_file_actions_t actions;
    for (int i = 0; args[i] != NULL; i++)
        argv[i + 1] = rg_strdup(args[i]);
    for (int i = 0; environment[i] != NULL; i++)
        envp[i] = rg_strdup(environment[i]);
    assert_int_equal(pipe2(out, O_CLOEXEC) | pipe2(err, O_CLOEXEC), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO), 0);
    assert_int_equal(posix_spawn(&pid, RG_REGUACTL, &actions, NULL, argv, envp), 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(out[1]);
    (void)close(err[1]);
    for (int i = 0; argv[i] != NULL; i++)
        rg_free(&argv[i]);
    for (int i = 0; envp[i] != NULL; i++)
        rg_free(&envp[i]);
    ret_fds[0] = out[0];
    ret_fds[1] = err[0];
    return pid;
}

static int run_with(struct rig *rig, const char *const *environment, const char *const *args)
{
    int fds[2], status = 0;
    rg_buf_reset(&rig->out);
    rg_buf_reset(&rig->err);
    pid_t pid = start(args, environment, fds);
    drain(fds, (struct rg_buf *[2]){&rig->out, &rig->err});
    (void)close(fds[0]);
    (void)close(fds[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* With the fake's URL in the environment and a home that holds maria's token. */
static int run(struct rig *rig, const char *const *args)
{
    char home[96], url[96];
    (void)snprintf(home, sizeof home, "HOME=%s", rig->home);
    (void)snprintf(url, sizeof url, "REGUA_URL=%s", rig->url);
    return run_with(rig, (const char *const[]){home, url, NULL}, args);
}
#define RUN(rig, ...) run(rig, (const char *const[]){__VA_ARGS__, NULL})

static const char *out(struct rig *rig)
{
    return rg_buf_cstr(&rig->out);
}

static const char *err(struct rig *rig)
{
    return rg_buf_cstr(&rig->err);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, text);
}

/* ---- the rig ---- */

static void write_home(struct rig *rig, const char *name, const char *text, mode_t mode)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/.config/regua/%s", rig->home, name);
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
}

static void ignore_log(enum rg_log_level level, const char *id, const struct rg_log_ctx *ctx, const char *text, void *sink)
{
    (void)level, (void)id, (void)ctx, (void)text, (void)sink; /* the daemon's side is looked at in its own test */
}

static int open_rig(void **state)
{
    struct rig *rig = rg_alloc(sizeof *rig);
    struct play p;
    char path[160];
    rg_log_capture(ignore_log, NULL);
    fake_daemon_open(&rig->daemon);
    play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_to(&p, "2026-11-24 10:12");
    fake_daemon_put_debtor(&rig->daemon, p.record);
    fake_daemon_put_reference(&rig->daemon, "invoice:provedor:F1", "D1");
    play_end(&p);
    (void)snprintf(rig->url, sizeof rig->url, "http://127.0.0.1:%u", rg_admin_port(rig->daemon.admin));
    (void)snprintf(rig->home, sizeof rig->home, "/tmp/regua-home-XXXXXX");
    assert_non_null(mkdtemp(rig->home));
    (void)snprintf(path, sizeof path, "%s/.config", rig->home);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/.config/regua", rig->home);
    assert_int_equal(mkdir(path, 0700), 0);
    write_home(rig, "token", FAKE_MARIA "\n", 0600);
    rg_buf_init(&rig->out, OUTPUT_BYTES_MAX);
    rg_buf_init(&rig->err, OUTPUT_BYTES_MAX);
    *state = rig;
    return 0;
}

static int close_rig(void **state)
{
    struct rig *rig = *state;
    static const char *const files[] = {".config/regua/token", ".config/regua/url", "regua.yaml"}, *const directories[] = {
                                                                                                       ".config/regua", ".config",
                                                                                                       ""};
    char path[160];
    for (size_t i = 0; i < RG_COUNT(files); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", rig->home, files[i]);
        (void)unlink(path);
    }
    for (size_t i = 0; i < RG_COUNT(directories); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", rig->home, directories[i]);
        (void)rmdir(path);
    }
    fake_daemon_close(&rig->daemon);
    rg_log_capture(NULL, NULL);
    rg_buf_done(&rig->out);
    rg_buf_done(&rig->err);
    rg_free(&rig);
    return 0;
}

/* ---- show, explain, status ---- */

static void show_is_a_dossier_and_masks_people(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(RUN(rig, "show", "D1"), 0);
    assert_has(out(rig), "debtor D1  Maria S.");
    assert_has(out(rig), "looked at again when something happens; times here are Brasília's\n");
    assert_has(out(rig), "CHANNEL");
    assert_has(out(rig), "R$\u00a0159,00");
    assert_has(out(rig), "steps of F1\n");
    assert_has(out(rig), "aviso_suspensao");
    assert_null(strstr(out(rig), "maria@exemplo.example"));
    assert_string_equal(err(rig), "");
    assert_int_equal(RUN(rig, "show", "F1", "--reveal"), 0);
    assert_has(out(rig), "debtor D1  Maria da Silva");
    assert_has(out(rig), "maria@exemplo.example");
    assert_int_equal(RUN(rig, "show", "--json", "provedor:F1"), 0);
    assert_int_equal(strncmp(out(rig), "{\"shard\":", 9), 0);
    assert_int_equal(out(rig)[rig->out.len - 1], '\n');
    assert_int_equal(RUN(rig, "show", "D2"), 1);
    assert_string_equal(err(rig), "reguactl show: no debtor and no invoice \"D2\" is known\n");
    assert_string_equal(out(rig), "");
    assert_int_equal(RUN(rig, "show", "a/b c?d#e"), 1);
    assert_string_equal(err(rig), "reguactl show: no debtor and no invoice \"a/b c?d#e\" is known\n");
}

/* Paid is paid, and what is written off says so in words. */
static void show_says_how_each_invoice_stands(void **state)
{
    struct rig *rig = *state;
    struct play p;
    play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    p.record->debtor = RG_STR("D3");
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_invoice(&p, "F2", "2026-11-03", 9900);
    play_invoice(&p, "F3", "2026-11-03", 5000);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F1", "P1", 17000);
    play_money(&p, RG_EV_PAYMENT_CONFIRMED, "F3", "P2", 1000);
    struct rg_event e = play_event(&p, RG_EV_INVOICE_WRITTEN_OFF, "given up");
    e.invoice = RG_STR("F2");
    e.has |= RG_BIT(RG_F_INVOICE);
    play_fold(&p, &e, false);
    fake_daemon_put_debtor(&rig->daemon, p.record);
    play_end(&p);
    assert_int_equal(RUN(rig, "show", "D3"), 0);
    assert_has(out(rig), "AMOUNT");
    assert_has(out(rig), "    LEFT STATE ");
    assert_has(out(rig), "R$\u00a0159,00  R$\u00a00,00 paid ");
    assert_has(out(rig), "R$\u00a099,00 R$\u00a099,00 written off ");
    assert_has(out(rig), "R$\u00a050,00 R$\u00a040,00 open ");
    assert_has(out(rig), "\nF1 is paid above its amount by R$\u00a011,00\n");
    assert_null(strstr(out(rig), "F3 is paid above"));
}

static void explain_prints_the_engines_words(void **state)
{
    struct rig *rig = *state;
    RG_CLEANUP(rg_arena_free) struct rg_arena *arena = rg_arena_new(RG_RECORD_ARENA_BYTES);
    struct rg_buf expected RG_CLEANUP(rg_buf_done);
    struct play p;
    play_begin(&p, rg_test_rules_shipped("internet_residencial", NULL), "2026-10-20 09:00");
    play_person(&p);
    play_invoice(&p, "F1", "2026-11-03", 15900);
    play_to(&p, "2026-11-24 10:12");
    for (int all = 0; all <= 1; all++) {
        rg_buf_init(&expected, OUTPUT_BYTES_MAX);
        rg_explain_text(p.rules, &rig->daemon.world, p.record, (struct rg_str){0}, all != 0, &expected);
        assert_int_equal(all ? RUN(rig, "explain", "F1", "-v") : RUN(rig, "explain", "D1"), 0);
        assert_string_equal(out(rig), rg_buf_cstr(&expected));
        if (all == 0)
            rg_buf_done(&expected);
    }
    play_end(&p);
    assert_int_equal(RUN(rig, "explain", "D1", "--step", "suspensao"), 0);
    assert_has(out(rig), "suspensao");
    assert_null(strstr(out(rig), "lembrete"));
    assert_int_equal(RUN(rig, "explain", "D1", "--step", "suspensa"), 2);
    assert_string_equal(err(rig), "reguactl explain: no ladder has a step \"suspensa\", did you mean \"suspensao\"?\n");
    assert_int_equal(RUN(rig, "explain", "D1", "--json"), 0);
    assert_int_equal(strncmp(out(rig), "{\"debtor\":\"D1\"", 14), 0);
}

static void status_says_whether_all_is_well(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(RUN(rig, "status"), 0);
    assert_has(out(rig), "   ready   rules 3fa9c1d200aa   everything in shadow\n");
    assert_has(out(rig), "shards 2 of 64 here, 2 running   3 records behind   next timer 2026-11-24T10:11:57.500-03:00\n");
    assert_has(out(rig), "0 decisions, 6 dead letters; 0 actions under way\n");
    assert_has(out(rig), "SOURCE  EVENTS IGNORED DEAD REPEATED BEHIND PARTITIONS READ THROUGH\n");
    assert_has(out(rig), "billing    900       0    3        5     12          1 -\n");
    assert_has(out(rig), "bank         0       7    1        0      0          0 Tue 2026-11-24 10:12\n");
    assert_has(out(rig), "email");
    assert_null(strchr(out(rig), '\033'));
    rig->daemon.status.ready = false;
    rig->daemon.status.reason_count = 1;
    memcpy(rig->daemon.status.reasons[0], "shard 7 is replay", sizeof "shard 7 is replay");
    rig->daemon.status.stopped = rig->daemon.status.live = true;
    memcpy(rig->daemon.status.live_max_step, "atraso", sizeof "atraso");
    assert_int_equal(RUN(rig, "status"), 1);
    assert_has(out(rig),
               "   NOT READY   rules 3fa9c1d200aa   live up to atraso   STOPPED (reguactl resume)\n  - shard 7 is replay\n");
    assert_int_equal(RUN(rig, "status", "--json"), 1);
    assert_has(out(rig), "\"ready\":false");
}

static void status_follows_until_interrupted(void **state)
{
    struct rig *rig = *state;
    int fds[2], status = 0, lines = 0;
    char home[96];
    (void)snprintf(home, sizeof home, "HOME=%s", rig->home);
    pid_t pid = start((const char *const[]){"status", "-f", "--json", "--url", rig->url, NULL}, (const char *const[]){home, NULL},
                      fds);
    while (lines < 2) {
        char bytes[4096];
        ssize_t n = read(fds[0], bytes, sizeof bytes);
        assert_true(n > 0);
        for (ssize_t i = 0; i < n; i++)
            lines += bytes[i] == '\n';
    }
    assert_int_equal(kill(pid, SIGINT), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    (void)close(fds[0]);
    (void)close(fds[1]);
}

/* ---- acts ---- */

static void acts_say_what_changed_and_how_to_undo_it(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(RUN(rig, "go-live", "--max-step", "atraso", "--spread", "5d", "--reason", "piloto"), 0);
    assert_string_equal(rig->daemon.act, "go-live maria atraso 432000000 piloto");
    assert_has(out(rig), "go-live by maria: ");
    assert_has(err(rig), "undo: reguactl stop");
    assert_int_equal(RUN(rig, "stop", "--confirm=regua", "--reason", "chuva \"forte\""), 0);
    assert_string_equal(rig->daemon.act, "stop maria chuva \"forte\"");
    assert_has(err(rig), "undo: reguactl resume\n");
    assert_int_equal(RUN(rig, "resume", "--reason", "passou", "--json"), 0);
    assert_string_equal(rig->daemon.act, "resume maria passou");
    assert_int_equal(strncmp(out(rig), "{\"act\":\"resume\",\"by\":\"maria\"", 28), 0);
    assert_int_equal(RUN(rig, "synced", "bank", "--through", "2026-11-23T23:59:59-03:00", "--reason", "retorno"), 0);
    assert_string_equal(rig->daemon.act, "synced maria bank 1795489199000 retorno");
    assert_has(out(rig), "payments of bank are known through 2026-11-23T23:59:59-03:00\n");
}

static void acts_that_are_wrong_change_nothing(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *args[ARGS_MAX];
        int exit;
        const char *says;
    } rows[] = {
        {{"go-live", "--reason", "x"}, 4, "without a cap is refused"},
        {{"go-live", "--max-step", "atraso"}, 2, "--reason TEXT"},
        {{"go-live", "--max-step", "atrazo", "--reason", "x"}, 2, "did you mean \"atraso\"?"},
        {{"go-live", "--max-step", "atraso", "--spread", "soon", "--reason", "x"}, 2, "spread: a duration"},
        {{"stop", "--reason", "x"}, 4, "--confirm=regua"},
        {{"stop", "--confirm=Regua", "--reason", "x"}, 4, "--confirm=regua"},
        {{"stop", "--confirm=regua", "--reason", "  "}, 2, "reason: a text of one line"},
        {{"stop", "--confirm=regua"}, 2, "--reason TEXT"},
        {{"resume"}, 2, "--reason TEXT"},
        {{"synced", "bank"}, 2, "--reason TEXT"},
        {{"synced", "bnak", "--reason", "x"}, 2, "did you mean \"bank\"?"},
        {{"synced", "nix", "--reason", "x"}, 2, "no source \"nix\"; there are billing, bank"},
        {{"synced", "billing", "--reason", "x"}, 4, "not declared as synced"},
        {{"synced", "--reason", "x"}, 2, "SOURCE expected"},
        {{"stop", "--confirm=regua", "--reason", ""}, 2, "reason: a text of one line"},
        {{"stop", "--confirm=regua", "--reason", "a\nb"}, 2, "reason: a text of one line"},
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        int status = run(rig, rows[i].args);
        if (status != rows[i].exit)
            fail_msg("row %zu: exit %d: %s", i, status, err(rig));
        assert_has(err(rig), rows[i].says);
        assert_string_equal(out(rig), "");
    }
    assert_string_equal(rig->daemon.act, "");
}

/* ---- who and where ---- */

static void tokens_come_from_files_only(void **state)
{
    struct rig *rig = *state;
    char lia[128];
    fake_token_path(&rig->daemon, "lia", lia);
    assert_int_equal(chmod(lia, 0600), 0);
    assert_int_equal(RUN(rig, "stop", "--confirm=regua", "--reason", "x", "--token-file", lia), 4);
    assert_has(err(rig), "operator lia lacks the role act");
    assert_int_equal(RUN(rig, "show", "D1", "--token-file", "/nowhere"), 2);
    assert_has(err(rig), "token file /nowhere: ");
    assert_int_equal(RUN(rig, "show", "D1", "--token", FAKE_MARIA), 2);
    assert_has(err(rig), "unknown option --token");
    write_home(rig, "token", "not-a-token\n", 0600);
    assert_int_equal(RUN(rig, "show", "D1"), 2);
    assert_has(err(rig), "this token is not known");
    assert_has(err(rig), "~/.config/regua/token (chmod 600)");
    assert_null(strstr(err(rig), "not-a-token"));
    write_home(rig, "token", FAKE_MARIA "\n", 0644);
    assert_int_equal(RUN(rig, "show", "D1"), 0);
    assert_has(err(rig), "others may read ");
    write_home(rig, "token", "", 0600);
    assert_int_equal(RUN(rig, "show", "D1"), 2);
    assert_has(err(rig), "this needs an operator's token");
    assert_int_equal(RUN(rig, "status"), 0);
}

static void a_token_in_the_clear_stays_on_this_machine(void **state)
{
    struct rig *rig = *state;
    static const char *const elsewhere[] = {"http://192.0.2.1:8470", "http://localhost.example:8470", "http://127-0-0-1.example"};
    for (size_t i = 0; i < RG_COUNT(elsewhere); i++) {
        assert_int_equal(RUN(rig, "status", "--url", elsewhere[i]), 4);
        assert_has(err(rig), "will not send a token to ");
    }
}

/* The shipped main file with the fake's port in it, and another broker where one is given. */
static void write_config_with(struct rig *rig, const char *brokers, char ret_path[160])
{
    static const char port[] = "127.0.0.1:8470", broker[] = "127.0.0.1:9092";
    char shipped[512];
    struct rg_buf text RG_CLEANUP(rg_buf_done);
    (void)snprintf(shipped, sizeof shipped, "%s/config/shipped/regua.yaml", getenv("RG_SOURCE_DIR"));
    rg_buf_init(&text, (size_t)64 * 1024);
    assert_int_equal(rg_file_read(shipped, &text, NULL), 0);
    const char *kafka = strstr(rg_buf_cstr(&text), broker), *listen = strstr(text.data, port);
    assert_true(kafka != NULL && listen > kafka);
    const char *between = kafka + strlen(broker);
    (void)snprintf(ret_path, 160, "%s/regua.yaml", rig->home);
    FILE *f = fopen(ret_path, "we");
    assert_non_null(f);
    (void)fprintf(f, "%.*s%s%.*s%s%s", (int)(kafka - text.data), text.data, brokers, (int)(listen - between), between,
                  rig->url + strlen("http://"), listen + strlen(port));
    assert_int_equal(fclose(f), 0);
}

static void write_config(struct rig *rig, char ret_path[160])
{
    write_config_with(rig, "127.0.0.1:9092", ret_path);
}

/* --url before --config before the environment before ~/.config. */
static void where_the_daemon_is(void **state)
{
    struct rig *rig = *state;
    char config[160], home[96];
    static const char wrong[] = "http://127.0.0.1:9", wrong_variable[] = "REGUA_URL=http://127.0.0.1:9";
    write_config(rig, config);
    (void)snprintf(home, sizeof home, "HOME=%s", rig->home);
    write_home(rig, "url", wrong, 0600);
    assert_int_equal(RUN(rig, "status"), 0);
    const char *const environment[] = {home, wrong_variable, NULL}, *const bare[] = {home, NULL};
    assert_int_equal(run_with(rig, environment, (const char *const[]){"status", NULL}), 3);
    assert_has(err(rig), "reguactl status: http://127.0.0.1:9: ");
    assert_has(err(rig), "is reguad running there?");
    assert_int_equal(run_with(rig, environment, (const char *const[]){"status", "--config", config, NULL}), 0);
    assert_int_equal(run_with(rig, environment, (const char *const[]){"status", "--config", config, "--url", wrong, NULL}), 3);
    FILE *f = fopen(config, "ae");
    assert_non_null(f);
    assert_true(fputs("\nchanels: {}\n", f) >= 0); /* being mended: no reason not to ask who runs */
    assert_int_equal(fclose(f), 0);
    assert_int_equal(run_with(rig, environment, (const char *const[]){"status", "--config", config, NULL}), 0);
    assert_int_equal(run_with(rig, environment, (const char *const[]){"status", "--url", rig->url, NULL}), 0);
    assert_int_equal(run_with(rig, bare, (const char *const[]){"status", NULL}), 3);
    write_home(rig, "url", rig->url, 0600);
    assert_int_equal(run_with(rig, bare, (const char *const[]){"status", NULL}), 0);
    assert_int_equal(run_with(rig, bare, (const char *const[]){"status", "--url", "nonsense", NULL}), 2);
    assert_int_equal(run_with(rig, bare, (const char *const[]){"status", "--config", "/nowhere", NULL}), 2);
    assert_has(err(rig), "/nowhere");
}

/* An address that means all of them means this machine too: that is where it is asked, and a token may go there. */
static void a_daemon_that_listens_everywhere_is_asked_here(void **state)
{
    struct rig *rig = *state;
    char config[160];
    (void)snprintf(config, sizeof config, "%s/regua.yaml", rig->home);
    FILE *f = fopen(config, "we");
    assert_non_null(f);
    (void)fprintf(f, "language: 1\nhttp: { listen: \"0.0.0.0:%u\" }\n", rg_admin_port(rig->daemon.admin));
    assert_int_equal(fclose(f), 0);
    assert_int_equal(RUN(rig, "show", "D1", "--config", config), 0);
    assert_has(out(rig), "debtor D1");
}

static void what_is_missing_behind_the_daemon_is_exit_3(void **state)
{
    struct rig *rig = *state;
    rig->daemon.redis_down = rig->daemon.kafka_down = true;
    assert_int_equal(RUN(rig, "show", "D1"), 3);
    assert_has(err(rig), "Redis at 127.0.0.1:6379 cannot be reached\n  reguactl status tells what is missing\n");
    assert_int_equal(RUN(rig, "stop", "--confirm=regua", "--reason", "x"), 3);
    assert_has(err(rig), "Kafka has not answered yet");
}

/* ---- without a daemon ---- */

static void desk_commands_need_no_daemon(void **state)
{
    struct rig *rig = *state;
    char config[160], shipped[512];
    (void)snprintf(shipped, sizeof shipped, "%s/config/shipped", getenv("RG_SOURCE_DIR"));
    write_config(rig, config);
    const char *const nothing[] = {NULL};
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"config", "-c", config, "--shipped", shipped, NULL}), 0);
    assert_has(out(rig), "kafka.shards = 64  ");
    assert_null(strstr(out(rig), "# default"));
    assert_int_equal(run_with(rig, nothing,
                              (const char *const[]){"config", "-c", config, "--effective", "--json", "--shipped", shipped, NULL}),
                     0);
    assert_has(out(rig), "{\"key\":\"kafka.group\",\"value\":\"regua\",\"reload\":false}");
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"config", "-c", "/nowhere", NULL}), 2);
    assert_has(err(rig), "/nowhere");
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"check", rig->home, "--shipped", shipped, NULL}),
                     1); /* no rules.d beside it */
    assert_has(out(rig), "rules.d");
    assert_int_equal(
        run_with(rig, nothing, (const char *const[]){"check", "--config", config, "--shipped", shipped, "--json", NULL}), 1);
    assert_int_equal(strncmp(out(rig), "{\"errors\":", 10), 0);
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"check", "-c", config, config, NULL}), 2);
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"check", "/nowhere", NULL}), 2);
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"check", "--facts", NULL}), 0); /* findings point there */
    assert_has(out(rig), "invoice.balance");
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"check", "--variables", "--json", NULL}), 0);
    assert_has(out(rig), "{\"name\":\"credor.telefone\",\"kind\":\"optional\",");
}

static void events_are_checked_before_they_are_published(void **state)
{
    struct rig *rig = *state;
    char config[160], shipped[512], data[160];
    (void)snprintf(shipped, sizeof shipped, "%s/config/shipped", getenv("RG_SOURCE_DIR"));
    write_config(rig, config);
    (void)snprintf(data, sizeof data, "%s/.config/regua/url", rig->home); /* any file of the rig's that is removed at its end */
    write_home(rig, "url", "{\"debtor\":\"D1\",\"due_on\":\"2026-12-10\",\"amount_cents\":15990}", 0600);
    const struct {
        const char *args[ARGS_MAX];
        int exit;
        const char *out, *err;
    } rows[] = {
        {{"payment.settled", "-i", "F1", "-p", "P1", "-a", "15990", "--id", "e1"},
         0,
         "\"id\":\"e1\",\"source\":\"reguactl\",\"type\":\"regua.payment.settled\"",
         ""},
        {{"regua.payment.settled", "-i", "F1", "-a", "15990"}, 0, "\"data\":{\"invoice\":\"F1\",\"amount_cents\":15990}}\n", ""},
        {{"invoice.issued", "--file", data, "-i", "F1"},
         0,
         "\"data\":{\"invoice\":\"F1\",\"debtor\":\"D1\",\"due_on\":\"2026-12-10\"",
         ""},
        {{"invoice.issued", "--file", data}, 1, "", "this would become a dead letter: "},
        {{"payment.setled", "-i", "F1", "-a", "15990"}, 1, "", "did you mean \"regua.payment.settled\"?"},
        {{"payment.settled", "-i", "F1", "-a", "-1"}, 1, "", "this would become a dead letter: "},
        {{"payment.settled", "-i", "F1", "-a", "1.5"}, 2, "", "a whole number of centavos expected"},
        {{"payment.settled", "-i", "F1", "-a", "1", "-s", "nowhere"}, 2, "", "no such source"},
        {{"payment.settled", "--file", "/nowhere"}, 2, "", "/nowhere: "},
        {{"payment.settled", "--file", config}, 2, "", "regua.yaml: "},
        {{"payment.settled", "--file", data, "-a", "1", "-i", "F1"},
         1,
         "",
         "this would become a dead letter: "}, /* amount_cents twice */
    };
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        const char *args[ARGS_MAX + 8] = {"publish", "--check", "-c", config, "--shipped", shipped};
        memcpy(args + 6, rows[i].args, sizeof rows[i].args);
        int status = run_with(rig, (const char *const[]){NULL}, args);
        if (status != rows[i].exit)
            fail_msg("row %zu: exit %d: %s%s", i, status, out(rig), err(rig));
        assert_has(out(rig), rows[i].out);
        assert_has(err(rig), rows[i].err);
        assert_int_equal(rows[i].out[0] == '\0', rig->out.len == 0);
    }
}

static void a_published_event_stands_in_its_topic(void **state)
{
    struct rig *rig = *state;
    static const struct rg_mock_topic topic = {"billing.events", 1};
    char config[160], shipped[512];
    struct rg_mock_broker *broker = rg_mock_broker_new(1, &topic, 1);
    (void)snprintf(shipped, sizeof shipped, "%s/config/shipped", getenv("RG_SOURCE_DIR"));
    write_config_with(rig, rg_mock_broker_bootstrap(broker), config);
    for (int i = 0; i < 2; i++) {
        char expected[128];
        const char *const args[] = {"publish", "payment.settled", "-i",    "F1", "-a", "15990", "-c",
                                    config,    "--shipped",       shipped, NULL};
        (void)snprintf(expected, sizeof expected, "regua.payment.settled published to billing.events, partition 0, offset %d\n",
                       i);
        assert_int_equal(run_with(rig, (const char *const[]){NULL}, args), 0);
        assert_string_equal(out(rig), expected);
        assert_string_equal(err(rig), "");
    }
    const char *const json[] = {"publish", "payment.settled", "-i",    "F1", "-a", "15990", "-c",
                                config,    "--shipped",       shipped, "--json", NULL};
    assert_int_equal(run_with(rig, (const char *const[]){NULL}, json), 0);
    assert_string_equal(out(rig), "{\"type\":\"regua.payment.settled\",\"topic\":\"billing.events\",\"partition\":0,\"offset\":2}\n");
    rg_mock_broker_free(&broker);
}

/* ---- dead letters ---- */

static void on_letter_report(void *ctx, const struct rg_kafka_report *report)
{
    (void)ctx;
    assert_int_equal(report->err.code, 0);
}

static void put_letter(struct rg_kafka_producer *producer, const char *place, const char *reason, const char *at, const char *value, bool cut)
{
    struct rg_error err = {0};
    const struct rg_kafka_header headers[] = {{"regua_reason", rg_str(reason)},
                                              {"regua_detail", RG_STR("data.x: expected y")},
                                              {"regua_source", rg_str(place)},
                                              {"regua_at", rg_str(at)},
                                              {"content-type", RG_STR("application/json")},
                                              {"trace", RG_STR("\033[31m7")},
                                              {"regua_sha256", RG_STR("00")}};
    const struct rg_kafka_record record = {.topic = "regua.deadletter", .partition = strlen(place) % 2, .key = RG_STR("k1"), .value = rg_str(value),
                                           .headers = headers, .headers_n = cut ? 7 : 6};
    assert_int_equal(rg_kafka_producer_send(producer, &record, &err), 0);
}

static void put_letters(const struct rg_mock_broker *broker)
{
    struct rg_kafka_producer *producer = NULL;
    struct rg_error err = {0};
    int partitions = 0;
    const struct rg_kafka_config kafka = {.brokers = rg_mock_broker_bootstrap(broker), .client_id = "test"};
    const struct rg_kafka_producer_options options = {.on_report = on_letter_report};
    assert_int_equal(rg_kafka_producer_new(&kafka, &options, &producer, &err), 0);
    assert_int_equal(rg_kafka_producer_open(producer, "regua.deadletter", 10000, &partitions, &err), 0);
    put_letter(producer, "asaas.webhooks/1/7", "unmapped", "2026-11-20T10:00:00.000Z", "{\"event\":\"A\"}", false);
    put_letter(producer, "asaas.webhooks/0/12", "unmapped", "2026-11-21T10:00:00.000Z", "{\"event\":\"B\"}", false);
    put_letter(producer, "billing.events/3/88120", "bad_field", "2026-11-19T10:00:00.000Z", "{\"name\":\"Maria \033]0;x\"}", false);
    put_letter(producer, "billing.events/3/9", "too_large", "2026-11-19T10:00:00.000Z", "{\"head", true);
    put_letter(producer, "regua.ledger/2/5", "conflict", "", "{\"v\":1}", false);
    assert_int_equal(rg_kafka_producer_flush(producer, 10000, &err), 0);
    rg_kafka_producer_free(&producer, RG_KAFKA_FREE_MS);
}

/* What stands in regua.retry: "place=value" of each record, and whether its own headers came along. */
static size_t read_retry(const struct rg_mock_broker *broker, size_t expected, char ret_records[8][128])
{
    struct rg_kafka_consumer *consumer = NULL;
    struct rg_error err = {0};
    size_t n = 0;
    const struct rg_kafka_config kafka = {.brokers = rg_mock_broker_bootstrap(broker), .client_id = "test"};
    const struct rg_kafka_consumer_options options = {.group = "test"};
    const struct rg_kafka_position from[] = {{"regua.retry", 0, RG_KAFKA_BEGINNING}, {"regua.retry", 1, RG_KAFKA_BEGINNING}};
    assert_int_equal(rg_kafka_consumer_new(&kafka, &options, &consumer, &err), 0);
    assert_int_equal(rg_kafka_consumer_assign(consumer, from, 2, &err), 0);
    for (int look = 0; look < (n < expected ? 100 : 5) && n < 8; look++) {
        struct rg_kafka_event event;
        rg_kafka_consumer_poll(consumer, 100, &event);
        if (event.kind != RG_KAFKA_EVENT_MESSAGE)
            continue;
        (void)snprintf(ret_records[n++], 128, RG_STR_FMT "=" RG_STR_FMT, RG_STR_ARG(rg_kafka_event_header(&event, "regua_source")),
                       RG_STR_ARG(event.value));
        assert_true(rg_str_is(event.key, "k1"));
        assert_true(rg_str_is(rg_kafka_event_header(&event, "content-type"), "application/json"));
        assert_null(rg_kafka_event_header(&event, "regua_reason").p);
        look = 0;
    }
    rg_kafka_consumer_free(&consumer, RG_KAFKA_FREE_MS);
    return n;
}

static void dead_letters_are_listed_shown_and_sent_again(void **state)
{
    struct rig *rig = *state;
    static const struct rg_mock_topic topics[] = {{"regua.deadletter", 2}, {"regua.retry", 2}};
    static const struct {
        const char *args[8];
        int exit;
        const char *out, *err;
    } rows[] = {
        {{"list"}, 0, "unmapped  asaas.webhooks     2 Fri 2026-11-20 07:00 Sat 2026-11-21 07:00 asaas.webhooks/0/12\n", ""},
        {{"list"}, 0, "\n5 dead letters\n", ""},
        {{"list", "--reason", "bad_field"}, 0, "\n1 dead letter\n", ""},
        {{"list", "--topic", "nobody"}, 0, "0 dead letters\n", ""},
        {{"list", "--reason", "crashed"}, 0, "0 dead letters\n", ""}, /* written by shards */
        {{"list", "--reason", "unmaped"}, 2, "", "there is no reason \"unmaped\", did you mean \"unmapped\"?"},
        {{"list", "--json"}, 0, "{\"letters\":5,\"groups\":[{\"reason\":", ""},
        {{"lst"}, 2, "", "\"lst\": list, show or replay expected"},
        {{"show"}, 2, "", "a place such as billing.events/3/88120 expected"},
        {{"show", "billing.events"}, 2, "", "\"billing.events\" is no place"},
        {{"show", "billing.events/x/1"}, 2, "", "is no place"},
        {{"replay", "billing.events/3/"}, 2, "", "is no place"},
        {{"show", "billing.events/3/88121"}, 1, "", "no dead letter of billing.events/3/88121"},
        {{"show", "billing.events/3/88120"}, 0, "reason    bad_field\ndetail    data.x: expected y\n", ""},
        {{"show", "billing.events/3/88120"}, 0, "header    trace: ?[31m7\n", ""},
        {{"show", "regua.ledger/2/5"}, 0, "\nat        20", ""}, /* a shard says no time: Kafka's */
        {{"show", "billing.events/3/88120"}, 0, "--reveal prints them; they may hold personal data\n", ""},
        {{"show", "billing.events/3/88120", "--reveal"}, 0, "\n\n{\"name\":\"Maria ?]0;x\"}\n", ""},
        {{"show", "billing.events/3/88120", "--reveal", "--json"}, 0, "\"value\":\"{\\\"name\\\":\\\"Maria \\u001b]0;x\\\"}\"}", ""},
        {{"replay", "--dry-run"}, 0, "3 dead letters would be sent again\n1 are records of our own topics", ""},
        {{"replay"}, 4, "3 dead letters would be sent again\n", "if you mean all of them: --yes"},
        {{"replay", "--reason", "refused", "--yes"}, 1, "0 dead letters would be sent again\n", ""},
        {{"replay", "regua.ledger/2/5"}, 1, "0 dead letters would be sent again\n1 are records of our own topics", ""},
        {{"replay", "billing.events/3/9"}, 1, "1 were too large to be kept whole\n", ""},
        {{"replay", "asaas.webhooks/1/7"}, 0, "1 dead letter sent again\n", "they are read as source regua.retry"},
        {{"replay", "--reason", "unmapped", "--yes", "--json"}, 0, "{\"letters\":2,\"sent\":2,\"not_upstreams\":0,\"cut_short\":0}\n", ""},
    };
    char config[160], shipped[512], records[8][128];
    struct rg_mock_broker *broker = rg_mock_broker_new(1, topics, RG_COUNT(topics));
    (void)snprintf(shipped, sizeof shipped, "%s/config/shipped", getenv("RG_SOURCE_DIR"));
    write_config_with(rig, rg_mock_broker_bootstrap(broker), config);
    put_letters(broker);
    for (size_t i = 0; i < RG_COUNT(rows); i++) {
        const char *args[16] = {"deadletter", "-c", config, "--shipped", shipped};
        memcpy(args + 5, rows[i].args, sizeof rows[i].args);
        int status = run_with(rig, (const char *const[]){NULL}, args);
        if (status != rows[i].exit)
            fail_msg("row %zu: exit %d: %s%s", i, status, out(rig), err(rig));
        assert_has(out(rig), rows[i].out);
        assert_has(err(rig), rows[i].err);
    }
    assert_int_equal(read_retry(broker, 3, records), 3);
    size_t twice = 0;
    for (size_t i = 0; i < 3; i++)
        twice += strcmp(records[i], "asaas.webhooks/1/7={\"event\":\"A\"}") == 0;
    assert_int_equal(twice, 2);
    rg_mock_broker_free(&broker);
    assert_int_equal(run_with(rig, (const char *const[]){NULL}, (const char *const[]){"deadletter", "list", "-c", config, "--shipped", shipped, NULL}),
                     3);
    assert_int_equal(strncmp(err(rig), "reguactl deadletter: ", 21), 0);
    const char *advice = strchr(err(rig), '\n');
    assert_int_equal(strncmp(advice, "\n  does Kafka answer at 127.0.0.1:", 34), 0);
    assert_ptr_equal(strchr(advice + 1, '\n'), err(rig) + rig->err.len - 1); /* and nothing of what libraries say */
}

static void help_version_and_completion(void **state)
{
    struct rig *rig = *state;
    const char *const nothing[] = {NULL};
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"--version", NULL}), 0);
    assert_int_equal(strncmp(out(rig), "reguactl ", 9), 0);
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"version", NULL}), 0);
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"version", "--json", NULL}), 0);
    assert_int_equal(strncmp(out(rig), "{\"version\":\"", 12), 0);
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"--json", "status", NULL}), 2);
    assert_has(err(rig), "options follow the command");
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"show", "", NULL}), 2);
    assert_has(err(rig), "reguactl show: an argument is empty\n");
    assert_int_equal(run_with(rig, nothing, (const char *const[]){NULL}), 2);
    assert_has(err(rig), "Commands:");
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"help", "explain", NULL}), 0);
    char *help = rg_strdup(out(rig));
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"explain", "--help", NULL}), 0);
    assert_string_equal(out(rig), help);
    rg_free(&help);
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"help", "explian", NULL}), 2);
    assert_string_equal(err(rig), "reguactl: no command \"explian\", did you mean \"explain\"?\n");
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"expl", NULL}), 2);
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"completion", "fish", NULL}), 2);
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"completion", "bash", NULL}), 0);
    assert_has(out(rig), "complete -o default -F _reguactl reguactl\n");
    assert_int_equal(run_with(rig, nothing, (const char *const[]){"explain", "D1", "--stp", "x", NULL}), 2);
    assert_has(err(rig), "unknown option --stp, did you mean --step?\n");
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RIG(show_is_a_dossier_and_masks_people),
        WITH_RIG(show_says_how_each_invoice_stands),
        WITH_RIG(explain_prints_the_engines_words),
        WITH_RIG(status_says_whether_all_is_well),
        WITH_RIG(status_follows_until_interrupted),
        WITH_RIG(acts_say_what_changed_and_how_to_undo_it),
        WITH_RIG(acts_that_are_wrong_change_nothing),
        WITH_RIG(tokens_come_from_files_only),
        WITH_RIG(a_token_in_the_clear_stays_on_this_machine),
        WITH_RIG(where_the_daemon_is),
        WITH_RIG(a_daemon_that_listens_everywhere_is_asked_here),
        WITH_RIG(what_is_missing_behind_the_daemon_is_exit_3),
        WITH_RIG(desk_commands_need_no_daemon),
        WITH_RIG(events_are_checked_before_they_are_published),
        WITH_RIG(a_published_event_stands_in_its_topic),
        WITH_RIG(dead_letters_are_listed_shown_and_sent_again),
        WITH_RIG(help_version_and_completion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* reguactl reload: what systemd runs for `systemctl reload reguad`, and what a person runs who wants to read how it ended. The rules
 * lie on the daemon's machine and who may signal it may change them, so the signal is the act: no token is asked for. Then the
 * daemon is asked until it has answered a signal at least as late as ours. */
#include "daemon/ctl/ctl.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_MS 60000
#define ASK_EVERY_MS 50
#define PROGRAM "reguad" /* and what begins with it: the kernel knows no more of a name than 15 bytes */

/* What systemd calls the unit's main process, to a command of ExecReload=. That one runs in the unit's sandbox, where /proc shows
 * no process of another user namespace, which the daemon's own is. */
static bool is_main_process(int64_t pid)
{
    const char *text = getenv("MAINPID");
    int64_t main_pid = 0;
    return text != NULL && rg_str_to_i64(rg_str(text), &main_pid) && main_pid == pid;
}

/* Behind a tunnel the number would be another machine's. */
static bool is_daemon(int64_t pid)
{
    char path[64], name[32] = "";
    (void)snprintf(path, sizeof path, "/proc/%" PRId64 "/comm", pid);
    FILE *file = fopen(path, "re");
    bool read = file != NULL && fgets(name, sizeof name, file) != NULL;
    if (file != NULL)
        (void)fclose(file); /* only read from */
    return read && strncmp(name, PROGRAM, strlen(PROGRAM)) == 0;
}

static int send_signal(int64_t pid)
{
    if (pid <= 1 || !(is_main_process(pid) || is_daemon(pid))) {
        fprintf(stderr, "reguactl reload: process %" PRId64 ", which answers, is no reguad here: it runs on another machine, or inside another "
                        "program as in the demo; it is told where it runs\n", pid);
        return RG_EXIT_UNREACHABLE;
    }
    if (kill((pid_t)pid, SIGHUP) == 0)
        return RG_EXIT_FINE;
    fprintf(stderr, "reguactl reload: process %" PRId64 " cannot be told: %s\n", pid, strerror(errno));
    if (errno == EPERM)
        fputs("  only root and the daemon's own user may: sudo reguactl reload --wait, or systemctl reload reguad\n", stderr);
    return errno == EPERM ? RG_EXIT_REFUSED : RG_EXIT_UNREACHABLE;
}

static int tell(struct rg_ctl *ctl, const struct rg_ctl_answer *answer)
{
    const struct rg_json_value *root = rg_json_root(answer->doc);
    struct rg_str findings = rg_ctl_text(root, "findings"), rules = rg_ctl_text(root, "rules");
    bool rejected = rg_ctl_bool(root, "rejected");
    if (rg_ctl_option(ctl, "json") != NULL) {
        (void)rg_ctl_print_json(answer);
    } else {
        (void)fwrite(findings.p, 1, findings.n, stdout); /* a lost stdout is noticed at the end */
        printf(rejected ? "rejected: nothing was changed, rules " RG_STR_FMT " stay in force\n" : "rules " RG_STR_FMT " are in force\n",
               RG_STR_ARG(rules));
    }
    return rejected ? RG_EXIT_FINDINGS : RG_EXIT_FINE;
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Asks until a reading has answered signal number `asked`. */
static int wait_for(struct rg_ctl *ctl, int64_t pid, int64_t asked)
{
    int64_t until_ms = now_ms() + WAIT_MS;
    for (;;) {
        struct rg_ctl_answer answer RG_CLEANUP(rg_ctl_answer_done) = {0};
        int rc = rg_ctl_ask(ctl, "/api/v1/reload", NULL, &answer);
        if (rc != RG_EXIT_FINE)
            return rc;
        const struct rg_json_value *root = rg_json_root(answer.doc);
        if (rg_ctl_int(root, "pid") != pid) {
            fputs("reguactl reload: another process answers now: the daemon was restarted and reads its files at the start\n", stderr);
            return RG_EXIT_UNREACHABLE;
        }
        if (rg_ctl_int(root, "done") >= asked)
            return tell(ctl, &answer);
        if (now_ms() > until_ms) {
            fprintf(stderr, "reguactl reload: no answer within %d s; /readyz?verbose=1 tells how it ends\n", WAIT_MS / 1000);
            return RG_EXIT_UNREACHABLE;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = (long)ASK_EVERY_MS * 1000000}, NULL);
    }
}

int rg_ctl_reload(struct rg_ctl *ctl)
{
    struct rg_ctl_answer answer RG_CLEANUP(rg_ctl_answer_done) = {0};
    int rc = rg_ctl_ask(ctl, "/api/v1/reload", NULL, &answer);
    if (rc != RG_EXIT_FINE)
        return rc;
    const struct rg_json_value *root = rg_json_root(answer.doc);
    int64_t pid = rg_ctl_int(root, "pid"), asked = rg_ctl_int(root, "asked") + 1;
    rc = send_signal(pid);
    if (rc != RG_EXIT_FINE || rg_ctl_option(ctl, "wait") != NULL)
        return rc != RG_EXIT_FINE ? rc : wait_for(ctl, pid, asked);
    fputs("told; how it ends stands in /readyz?verbose=1 and in the journal, and --wait waits for it\n", stderr);
    return RG_EXIT_FINE;
}

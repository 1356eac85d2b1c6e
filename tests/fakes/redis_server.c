/* Child process by fork and exec; readiness is what a client sees: an answer to PING on the socket. */
#include "tests/fakes/redis_server.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX 48
#define READY_TRIES 1500 /* of 10 ms */

struct rg_redis_server {
    char dir[64];
    char socket[96];
    char url[104];
    char *args[ARGS_MAX]; /* NULL-terminated, owned */
    pid_t pid;
};

_Noreturn static void give_up(const char *what)
{
    perror(what);
    abort();
}

static void add_arg(struct rg_redis_server *server, const char *arg)
{
    size_t n = 0;
    while (server->args[n] != NULL)
        n++;
    rg_assert(n + 1 < ARGS_MAX);
    server->args[n] = rg_strdup(arg);
}

static void spawn(struct rg_redis_server *server)
{
    rg_assert(server->pid == 0);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        give_up("fork");
    if (pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
            _exit(126);
        execvp(server->args[0], server->args);
        perror("redis-server cannot be started");
        _exit(127);
    }
    server->pid = pid;
}

/* One look: whether a whole answer other than -LOADING came. */
static bool answers(const struct rg_redis_server *server)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, server->socket, strlen(server->socket) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        give_up("socket");
    char answer[128] = "";
    bool ready = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                 send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6 &&
                 recv(fd, answer, sizeof answer - 1, 0) > 0 && strncmp(answer, "-LOADING", 8) != 0;
    (void)close(fd);
    return ready;
}

static void wait_until_ready(const struct rg_redis_server *server)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    for (int i = 0; i < READY_TRIES; i++) {
        if (answers(server))
            return;
        if (waitpid(server->pid, NULL, WNOHANG) != 0) {
            fprintf(stderr, "redis-server ended at once, see its options\n");
            abort();
        }
        (void)nanosleep(&pause, NULL);
    }
    fprintf(stderr, "redis-server does not answer on %s\n", server->socket);
    abort();
}

struct rg_redis_server *rg_redis_server_start(const char *const *args)
{
    struct rg_redis_server *server = rg_alloc(sizeof *server);
    (void)snprintf(server->dir, sizeof server->dir, "/tmp/regua-redis-XXXXXX");
    if (mkdtemp(server->dir) == NULL)
        give_up("mkdtemp");
    (void)snprintf(server->socket, sizeof server->socket, "%s/redis.sock", server->dir);
    (void)snprintf(server->url, sizeof server->url, "unix://%s", server->socket);
    char log[96];
    (void)snprintf(log, sizeof log, "%s/log", server->dir);
    const char *const base[] = {"redis-server", "--port", "0",  "--unixsocket", server->socket, "--dir",   server->dir,
                                "--logfile",    log,      "--save", "",         "--appendonly", "no"};
    for (size_t i = 0; i < RG_COUNT(base); i++)
        add_arg(server, base[i]);
    for (; args != NULL && *args != NULL; args++)
        add_arg(server, *args);
    spawn(server);
    wait_until_ready(server);
    return server;
}

void rg_redis_server_kill(struct rg_redis_server *server)
{
    if (server->pid == 0)
        return;
    if (kill(server->pid, SIGKILL) < 0 || waitpid(server->pid, NULL, 0) != server->pid)
        give_up("redis-server cannot be killed");
    server->pid = 0;
}

void rg_redis_server_restart(struct rg_redis_server *server)
{
    rg_redis_server_kill(server);
    (void)unlink(server->socket); /* left behind by SIGKILL; absent is fine */
    spawn(server);
    wait_until_ready(server);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void rg_redis_server_stop(struct rg_redis_server **server)
{
    if (*server == NULL)
        return;
    rg_redis_server_kill(*server);
    (void)nftw((*server)->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* a rest in /tmp is not worth failing for */
    for (size_t i = 0; (*server)->args[i] != NULL; i++)
        rg_free(&(*server)->args[i]);
    rg_free(server);
}

const char *rg_redis_server_url(const struct rg_redis_server *server)
{
    return server->url;
}

const char *rg_redis_server_socket(const struct rg_redis_server *server)
{
    return server->socket;
}

const char *rg_redis_server_dir(const struct rg_redis_server *server)
{
    return server->dir;
}

pid_t rg_redis_server_pid(const struct rg_redis_server *server)
{
    return server->pid;
}

/* Waits until the process really is in that state, so that a test's next line may rely on it. */
static void send_signal(struct rg_redis_server *server, int signal, int wait_for)
{
    rg_assert(server->pid != 0);
    int status = 0;
    if (kill(server->pid, signal) < 0 || waitpid(server->pid, &status, wait_for) != server->pid)
        give_up("redis-server does not take the signal");
}

void rg_redis_server_pause(struct rg_redis_server *server)
{
    send_signal(server, SIGSTOP, WUNTRACED);
}

void rg_redis_server_resume(struct rg_redis_server *server)
{
    send_signal(server, SIGCONT, WCONTINUED);
}

uint16_t rg_redis_server_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        give_up("no free port");
    (void)close(fd);
    return ntohs(address.sin_port);
}

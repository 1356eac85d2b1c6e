/* A server that is stopped, killed or cut off, and the EXEC of a connection that is dead already. */
#include "base/core/clock.h"
#include "base/redis/redis.h"
#include "tests/integration/base/redis/client.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void a_stopped_server_costs_the_timeout_and_no_more(void **state)
{
    struct rg_redis_server *server = *state;
    struct rg_redis *redis = hasty_client_of(rg_redis_server_url(server));
    assert_text(SAY(redis, "SET", "stopped", "before"), "OK");
    rg_redis_server_pause(server);
    const struct rg_redis_reply *reply = NULL;
    struct rg_error err = {0};
    int64_t before = rg_boot_ms(rg_clock_system());
    assert_int_equal(RG_REDIS_CALL(redis, &reply, &err, RG_STR("SET"), RG_STR("stopped"), RG_STR("late")), RG_ETIMEOUT);
    int64_t took = rg_boot_ms(rg_clock_system()) - before;
    assert_true(took >= SHORT_TIMEOUT_MS - 1 && took < 10 * SHORT_TIMEOUT_MS);
    assert_true(err.retryable);
    assert_non_null(strstr(err.text, rg_redis_server_url(server)));
    assert_int_equal(rg_redis_connect(redis, &err), RG_ETIMEOUT); /* the kernel accepts, the server does not answer */
    rg_redis_server_resume(server);
    assert_int_equal(rg_redis_connect(redis, &err), 0);
    assert_text(SAY(redis, "GET", "stopped"), "late"); /* what timed out has happened all the same */
    rg_redis_free(&redis);
}

/* A server that cannot take our bytes: the flush itself meets the deadline. */
static void a_flush_to_a_stopped_server_ends(void **state)
{
    struct rg_redis_server *server = *state;
    struct rg_redis *redis = hasty_client_of(rg_redis_server_url(server));
    size_t n = (size_t)16 * 1024 * 1024;
    char *value = rg_alloc(n);
    rg_redis_server_pause(server);
    RG_REDIS_PUSH(redis, RG_STR("SET"), RG_STR("big"), ((struct rg_str){value, n}));
    assert_int_equal(rg_redis_flush(redis, NULL), RG_ETIMEOUT);
    assert_false(rg_redis_alive(redis));
    rg_redis_server_resume(server);
    assert_int_equal(rg_redis_connect(redis, NULL), 0);
    assert_int_equal(SAY(redis, "GET", "big")->kind, RG_REDIS_NIL); /* half a command is none */
    rg_free(&value);
    rg_redis_free(&redis);
}

static void a_killed_server_is_noticed_and_found_again(void **state)
{
    (void)state;
    struct rg_redis_server *server = rg_redis_server_start((const char *const[]){"--appendonly", "yes", "--appendfsync",
    "always", NULL});
    struct rg_redis *redis = client_of(server);
    assert_text(SAY(redis, "SET", "kept", "yes"), "OK");
    RG_REDIS_PUSH(redis, RG_STR("BLPOP"), RG_STR("nothing"), RG_STR("0"));
    flush(redis);
    rg_redis_server_kill(server);
    const struct rg_redis_reply *reply;
    struct rg_error err = {0};
    assert_int_equal(rg_redis_next(redis, &reply, &err), RG_EUNREACHABLE);
    assert_non_null(strstr(err.text, "the server closed the connection"));
    assert_int_equal(rg_redis_connect(redis, &err), RG_EUNREACHABLE);
    assert_non_null(strstr(err.text, "Connection refused"));
    rg_redis_server_restart(server);
    assert_int_equal(rg_redis_flush(redis, &err), RG_EUNREACHABLE); /* nothing reconnects behind our back */
    assert_int_equal(rg_redis_connect(redis, &err), 0);
    assert_text(SAY(redis, "GET", "kept"), "yes");
    /* killed while idle: the next command says so */
    rg_redis_server_kill(server);
    assert_int_equal(RG_REDIS_CALL(redis, &reply, &err, RG_STR("PING")), RG_EUNREACHABLE);
    rg_redis_free(&redis);
    rg_redis_server_stop(&server);
}

/* A relay between one client and the server that can hold back what the client says, also past the client's death. */
struct relay {
    char path[128];
    char url[140];
    int listener;
    const char *server_path;
    _Atomic bool hold;
    pthread_t thread;
};

static int unix_socket(const char *path, bool listens)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    rg_assert(fd >= 0);
    const struct sockaddr *generic = (const struct sockaddr *)&address;
    int rc = listens ? bind(fd, generic, sizeof address) : connect(fd, generic, sizeof address);
    rg_assert(rc == 0);
    if (listens)
        rc = listen(fd, 1);
    rg_assert(rc == 0);
    return fd;
}

/* false: that side has ended */
static bool pump(int from, int to)
{
    char bytes[65536];
    ssize_t n = recv(from, bytes, sizeof bytes, 0);
    if (n <= 0)
        return false;
    (void)send(to, bytes, (size_t)n, MSG_NOSIGNAL); /* the other side's end is met when it is read */
    return true;
}

static void *relay_bytes(void *ctx)
{
    struct relay *r = ctx;
    int client_fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
    int server_fd = unix_socket(r->server_path, false);
    rg_assert(client_fd >= 0);
    for (bool open = true; open;) {
        struct pollfd p[] = {{.fd = atomic_load(&r->hold) ? -1 : client_fd, .events = POLLIN},
        {.fd = server_fd, .events = POLLIN}};
        (void)poll(p, 2, 5);
        if (p[1].revents != 0)
            open = pump(server_fd, client_fd);
        if (p[0].revents != 0)
            open = pump(client_fd, server_fd) && open;
    }
    (void)close(client_fd);
    (void)close(server_fd);
    return NULL;
}

static void start_relay(struct relay *r, const struct rg_redis_server *server)
{
    *r = (struct relay){.server_path = rg_redis_server_socket(server)};
    (void)snprintf(r->path, sizeof r->path, "%s/relay.sock", rg_redis_server_dir(server));
    (void)snprintf(r->url, sizeof r->url, "unix://%s", r->path);
    r->listener = unix_socket(r->path, true);
    assert_int_equal(pthread_create(&r->thread, NULL, relay_bytes, r), 0);
}

static void stop_relay(struct relay *r)
{
    assert_int_equal(pthread_join(r->thread, NULL), 0);
    (void)close(r->listener);
    (void)unlink(r->path);
}

/* The owner's EXEC is held back until its connection is long dead, then executed. Only a token taken anew stops it. */
static void late_exec(struct rg_redis_server *server, bool takes_the_fence)
{
    struct relay relay;
    start_relay(&relay, server);
    struct rg_redis *old = hasty_client_of(relay.url);
    struct rg_redis *new = client_of(server);
    (void)SAY(new, "DEL", "d");
    assert_text(SAY(old, "SET", "own", "old"), "OK");
    assert_text(SAY(old, "WATCH", "own"), "OK");
    assert_text(SAY(old, "GET", "own"), "old");
    atomic_store(&relay.hold, true);
    wait_ms(20); /* the relay has noticed */
    RG_REDIS_PUSH(old, RG_STR("MULTI"));
    RG_REDIS_PUSH(old, RG_STR("SET"), RG_STR("d"), RG_STR("late"));
    RG_REDIS_PUSH(old, RG_STR("EXEC"));
    flush(old);
    const struct rg_redis_reply *reply;
    assert_int_equal(rg_redis_next(old, &reply, NULL), RG_ETIMEOUT);
    rg_redis_free(&old);
    if (takes_the_fence)
        assert_text(SAY(new, "SET", "own", "new"), "OK");
    assert_int_equal(SAY(new, "GET", "d")->kind, RG_REDIS_NIL); /* read too early to be true for ever */
    atomic_store(&relay.hold, false);
    stop_relay(&relay); /* all held bytes have been sent on, and the server has seen their end */
    bool applied = false;
    for (int i = 0; i < (takes_the_fence ? 20 : 200) && !applied; i++) {
        applied = SAY(new, "GET", "d")->kind == RG_REDIS_STR;
        wait_ms(10);
    }
    assert_int_equal(applied, !takes_the_fence);
    rg_redis_free(&new);
}

static void a_dead_connections_exec_may_still_run(void **state)
{
    late_exec(*state, false);
}

static void a_new_token_stops_the_late_exec(void **state)
{
    late_exec(*state, true);
}

/* The other end of the cable has gone without a word: nothing is answered, nothing is closed. */
static void half_open_is_noticed_in_time(void **state)
{
    struct relay relay;
    start_relay(&relay, *state);
    struct rg_redis *redis = hasty_client_of(relay.url);
    atomic_store(&relay.hold, true);
    wait_ms(20);
    const struct rg_redis_reply *reply;
    struct rg_error err = {0};
    assert_int_equal(RG_REDIS_CALL(redis, &reply, &err, RG_STR("GET"), RG_STR("k")), RG_ETIMEOUT);
    assert_non_null(strstr(err.text, "no answer in time, 1 replies were due"));
    atomic_store(&relay.hold, false);
    rg_redis_free(&redis);
    stop_relay(&relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stopped_server_costs_the_timeout_and_no_more),
        cmocka_unit_test(a_flush_to_a_stopped_server_ends),
        cmocka_unit_test(a_killed_server_is_noticed_and_found_again),
        cmocka_unit_test(a_dead_connections_exec_may_still_run),
        cmocka_unit_test(a_new_token_stops_the_late_exec),
        cmocka_unit_test(half_open_is_noticed_in_time),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}

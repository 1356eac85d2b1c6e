/* The script runs as a child with a pipe as its standard input: when this process dies, the pipe closes and the script
 * takes its brokers down. It answers with one line of JSON once the brokers are ready; all we need of it is one string. */
#include "tests/fakes/kafka_server.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX 4096

extern char **environ;

struct rg_kafka_server {
    char *bootstrap, *directory;
    pid_t pid; /* 0: not ours */
    pid_t broker; /* the first broker's */
    int leash; /* the script's standard input */
    FILE *answers; /* its standard output */
};

static int spawn_script(const char *version, int brokers, struct rg_kafka_server *server, struct rg_error *err)
{
    char script[1024], count[16];
    const char *source = getenv("RG_SOURCE_DIR");
    (void)snprintf(script, sizeof script, "%s/tests/servers/kafka.py", source == NULL ? "." : source);
    (void)snprintf(count, sizeof count, "%d", brokers);
    const char *words[] = {
        "/usr/bin/python3", script, "run", "--brokers", count, version == NULL ? NULL : "--version", version, NULL};
    int input[2], output[2];
    if (pipe2(input, O_CLOEXEC) < 0)
        return rg_fail(err, RG_EIO, "no pipe: %s", strerror(errno));
    if (pipe2(output, O_CLOEXEC) < 0) {
        (void)close(input[0]);
        (void)close(input[1]);
        return rg_fail(err, RG_EIO, "no pipe: %s", strerror(errno));
    }
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    int spawned = posix_spawn(&server->pid, words[0], &actions, NULL, (char **)(uintptr_t)words, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(input[0]);
    (void)close(output[1]);
    server->leash = input[1];
    server->answers = fdopen(output[0], "r");
    rg_assert(server->answers != NULL);
    if (spawned != 0) {
        server->pid = 0;
        return rg_fail(err, RG_EIO, "%s could not be started: %s", script, strerror(spawned));
    }
    return 0;
}

/* The value of a string member, or NULL: enough for a line that our own script wrote. */
static char *member_of(const char *line, const char *name)
{
    char key[32];
    int n = snprintf(key, sizeof key, "\"%s\": \"", name);
    const char *start = strstr(line, key);
    if (start == NULL)
        return NULL;
    char *value = rg_strdup(start + n);
    value[strcspn(value, "\"")] = '\0';
    return value;
}

static int read_answer(struct rg_kafka_server *server, struct rg_error *err)
{
    char answer[ANSWER_BYTES_MAX];
    if (fgets(answer, sizeof answer, server->answers) == NULL)
        return rg_fail(err, RG_EUNREACHABLE, "Apache Kafka did not start; its script says why");
    server->bootstrap = member_of(answer, "bootstrap");
    server->directory = member_of(answer, "dir");
    const char *pid = strstr(answer, "\"pid\": ");
    server->broker = pid != NULL ? (pid_t)strtol(pid + 7, NULL, 10) : 0;
    return server->bootstrap != NULL ? 0 : rg_fail(err, RG_EIO, "the script that starts Apache Kafka did not name its address");
}

static int order(struct rg_kafka_server *server, const char *act, int broker, struct rg_error *err)
{
    char line[64], answer[64];
    if (server->pid == 0)
        return rg_fail(err, RG_EREFUSED, "the given server is not ours to %s", act);
    int n = snprintf(line, sizeof line, "%s %d\n", act, broker);
    if (write(server->leash, line, (size_t)n) != n || fgets(answer, sizeof answer, server->answers) == NULL)
        return rg_fail(err, RG_EIO, "broker %d: %s failed; the script says why", broker, act);
    return 0;
}

int rg_kafka_server_kill(struct rg_kafka_server *server, int broker, struct rg_error *err)
{
    return order(server, "kill", broker, err);
}

int rg_kafka_server_revive(struct rg_kafka_server *server, int broker, struct rg_error *err)
{
    return order(server, "revive", broker, err);
}

int rg_kafka_server_start(const char *version, int brokers, struct rg_kafka_server **ret_server, struct rg_error *err)
{
    struct rg_kafka_server *server = rg_alloc(sizeof *server);
    server->leash = -1;
    const char *given = getenv("REGUA_TEST_KAFKA");
    int code = 0;
    if (given != NULL && given[0] != '\0' && version == NULL && brokers == 1) {
        server->bootstrap = rg_strdup(given);
    } else {
        code = spawn_script(version, brokers, server, err);
        if (code == 0)
            code = read_answer(server, err);
    }
    if (code < 0) {
        rg_kafka_server_stop(&server);
        return code;
    }
    *ret_server = server;
    return 0;
}

void rg_kafka_server_stop(struct rg_kafka_server **pointer)
{
    struct rg_kafka_server *server = *pointer;
    if (server == NULL)
        return;
    if (server->leash >= 0)
        (void)close(server->leash);
    if (server->answers != NULL)
        (void)fclose(server->answers);
    if (server->pid > 0)
        (void)waitpid(server->pid, NULL, 0); /* the script has its own deadline */
    rg_free(&server->bootstrap);
    rg_free(&server->directory);
    rg_free(pointer);
}

const char *rg_kafka_server_bootstrap(const struct rg_kafka_server *server)
{
    return server->bootstrap;
}

const char *rg_kafka_server_directory(const struct rg_kafka_server *server)
{
    return server->directory;
}

pid_t rg_kafka_server_pid(const struct rg_kafka_server *server)
{
    return server->broker;
}

/* An installation as an operator would write it: the shipped ladder, policy, calendars and templates as they are, providers and
 * servers those of the stage. The files stay, so that a newcomer may read what the demo ran on. */
#include "tests/demo/stage.h"

#include "base/core/buf.h"
#include "base/core/hash.h"
#include "base/core/rand.h"
#include "tests/demo/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SITE_BYTES_MAX ((size_t)64 * 1024)
#define TOKEN_BYTES 16

static const char site_text[] =
    "# The installation of ./dev demo: written by it, read by the real daemon.\n"
    "language: 1\n"
    "mode: live                        # the demo goes live by the API, as an operator does; until then everything is shadow\n"
    "creditors:\n"
    "  provedor:\n"
    "    name: " DEMO_CREDITOR_NAME "\n"
    "    document: " DEMO_CREDITOR_DOCUMENT "\n"
    "    address: \"" DEMO_CREDITOR_ADDRESS "\"\n"
    "    email: " DEMO_CREDITOR_EMAIL "\n"
    "    phone: \"" DEMO_CREDITOR_PHONE "\"\n"
    "    state: SP\n"
    "services:\n"
    "  internet: { sector: telecom, creditor: provedor }\n"
    "kafka:\n"
    "  brokers: [\"%s\"]\n"
    "  shards: %d\n"
    "  client:                         # days pass in a second: what saves work elsewhere costs time here\n"
    "    fetch.wait.max.ms: \"%d\"        # the in-process broker holds an empty fetch for all of it\n"
    "    linger.ms: \"0\"\n"
    "redis: { url: \"%s\" }\n"
    "sources:\n"
    "  billing: { topic: " DEMO_TOPIC_BILLING ", live: true }\n"
    "  asaas: { topic: " DEMO_TOPIC_ASAAS ", format: json, mapping: asaas, namespace: asaas, live: true }\n"
    "  providers: { topic: " DEMO_TOPIC_PROVIDERS ", payments: none } # delivery receipts\n"
    "  network: { topic: " DEMO_TOPIC_NETWORK ", payments: none }     # suspended, restored\n"
    "channels:\n"
    "  email:\n"
    "    transport: smtp\n"
    "    url: \"smtp://127.0.0.1:%d\"\n"
    "    tls: none\n"
    "    from: \"Provedor Exemplo <cobranca@provedor.example>\"\n"
    "    evidence: delivered           # the mail provider reports deliveries\n"
    "  whatsapp:\n"
    "    transport: http\n"
    "    preset: whatsapp-cloud\n"
    "    url: \"http://127.0.0.1:%d/provider/whatsapp\"\n"
    "    internal: true\n"
    "    version: v23.0\n"
    "    phone_number_id: \"1055500000000\"\n"
    "    token: { file: secrets/whatsapp-token }\n"
    "  sms:\n"
    "    transport: http\n"
    "    preset: sms-http\n"
    "    url: \"http://127.0.0.1:%d/provider/sms\"\n"
    "    internal: true\n"
    "    token: { file: secrets/sms-token }\n"
    "rules: [\"" RG_DEMO_SHIPPED "/ladders/internet_residencial.yaml\"]\n"
    "policy: \"" RG_DEMO_SHIPPED "/policy.yaml\"\n"
    "http:\n"
    "  listen: \"127.0.0.1:%d\"\n"
    "  operators:\n"
    "    demo: { token: { file: secrets/demo-token }, roles: [look, act] }\n";

#define FETCH_WAIT_MS 3

int demo_make_directory(const char *path, struct rg_error *err)
{
    char part[4096];
    for (size_t n = 1; n <= strlen(path); n++) {
        if (path[n] != '/' && path[n] != '\0')
            continue;
        if (snprintf(part, sizeof part, "%.*s", (int)n, path) >= (int)sizeof part)
            return rg_fail(err, RG_ELIMIT, "%.100s…: the path is too long", path);
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return rg_fail(err, RG_EIO, "directory %s cannot be made: %s", part, strerror(errno));
    }
    return 0;
}

int demo_write_file(const char *directory, const char *name, struct rg_str bytes, struct rg_error *err)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
        return rg_fail(err, RG_ELIMIT, "%s: the path is too long", name);
    (void)unlink(path); /* made anew, so that only we may read it */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool fine = fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n;
    int why = errno;
    if (fd >= 0)
        (void)close(fd);
    return fine ? 0 : rg_fail(err, RG_EIO, "%s cannot be written: %s", path, strerror(why));
}

static int write_secrets(const char *directory, char ret_token[64], struct rg_error *err)
{
    static const char *const names[] = {"whatsapp-token", "sms-token", "demo-token"};
    char secrets[4096];
    (void)snprintf(secrets, sizeof secrets, "%s/secrets", directory);
    int rc = demo_make_directory(secrets, err);
    for (size_t i = 0; rc == 0 && i < RG_COUNT(names); i++) {
        uint8_t random[TOKEN_BYTES];
        rg_random_bytes(random, sizeof random);
        rg_hex(random, sizeof random, ret_token); /* the last one stays: the operator's */
        rc = demo_write_file(secrets, names[i], rg_str(ret_token), err);
    }
    return rc;
}

int demo_site_write(const struct demo_site *site, char ret_config[4096], char ret_token[64], struct rg_error *err)
{
    RG_CLEANUP(rg_buf_done) struct rg_buf text;
    rg_buf_init(&text, SITE_BYTES_MAX);
    rg_buf_addf(&text, site_text, site->brokers, site->shards, FETCH_WAIT_MS, site->redis_url, site->smtp_port, site->http_port,
                site->http_port, site->admin_port);
    int rc = demo_make_directory(site->directory, err);
    if (rc == 0)
        rc = write_secrets(site->directory, ret_token, err);
    if (rc == 0)
        rc = demo_write_file(site->directory, "regua.yaml", rg_buf_str(&text), err);
    (void)snprintf(ret_config, 4096, "%s/regua.yaml", site->directory);
    return rc;
}

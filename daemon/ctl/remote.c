/* Where the daemon is, who asks, one request, and what its failure means for the exit status. */
#include "daemon/ctl/ctl.h"

#include "base/core/file.h"
#include "base/http/client.h"
#include "base/json/write.h"
#include "config/site/site.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_BYTES_MAX ((size_t)4096)
#define TIMEOUT_MS 60000 /* an act waits for Kafka's acknowledgement */
#define ANSWER_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define DEFAULT_URL "http://127.0.0.1:8470"

void rg_ctl_answer_done(struct rg_ctl_answer *answer)
{
    rg_json_free(&answer->doc);
    rg_buf_done(&answer->body);
}

/* ---- where ---- */

/* ~/.config/regua/NAME; "" when there is no home. */
static void own_file(const char *name, char ret_path[RG_SITE_PATH_MAX])
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    ret_path[0] = '\0';
    if (config != NULL && config[0] == '/')
        (void)snprintf(ret_path, RG_SITE_PATH_MAX, "%s/regua/%s", config, name);
    else if (home != NULL && home[0] == '/')
        (void)snprintf(ret_path, RG_SITE_PATH_MAX, "%s/.config/regua/%s", home, name);
}

/* The first line of a file, without its line break. RG_ENOTFOUND is for the caller to judge. */
static int first_line(const char *path, struct rg_buf *into, struct rg_error *err)
{
    int rc = rg_file_read(path, into, err);
    if (rc < 0)
        return rc;
    size_t n = strcspn(rg_buf_cstr(into), "\r\n");
    if (n < into->len)
        into->data[into->len = n] = '\0';
    return 0;
}

/* From the main file's http.listen; RG_EINVAL when the file cannot be read as YAML or there is no port. */
static int url_of_config(const char *file, struct rg_buf *into, struct rg_error *err)
{
    struct rg_site_listen listen;
    int rc = rg_site_admin_listen(file, &listen, err);
    if (rc < 0)
        return rc;
    if (listen.port == 0)
        return rg_fail(err, RG_EINVAL, "%s says http.listen: none, so there is no admin port", file);
    /* One that listens everywhere listens here, where a token may go in the clear. */
    const char *host = strcmp(listen.host, "0.0.0.0") == 0 ? "127.0.0.1" : strcmp(listen.host, "::") == 0 ? "::1" : listen.host;
    bool v6 = strchr(host, ':') != NULL;
    rg_buf_addf(into, "http://%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "", listen.port);
    return 0;
}

static int find_url(const struct rg_ctl *ctl, struct rg_buf *into, struct rg_error *err)
{
    char path[RG_SITE_PATH_MAX];
    const char *given = rg_ctl_option(ctl, "url"), *config = rg_ctl_option(ctl, "config"), *environment = getenv("REGUA_URL");
    if (given == NULL && config != NULL)
        return url_of_config(config, into, err);
    if (given == NULL && environment != NULL && environment[0] != '\0')
        given = environment;
    if (given != NULL) {
        rg_buf_adds(into, given);
        return 0;
    }
    own_file("url", path);
    int rc = path[0] == '\0' ? RG_ENOTFOUND : first_line(path, into, err);
    if (rc == RG_ENOTFOUND && access(RG_CTL_CONFIG, R_OK) == 0)
        return url_of_config(RG_CTL_CONFIG, into, err);
    if (rc == RG_ENOTFOUND) {
        rg_buf_adds(into, DEFAULT_URL);
        return 0;
    }
    return rc;
}

/* ---- who ---- */

static void warn_when_readable(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        fprintf(stderr, "reguactl: others may read %s; chmod 600 it\n", path);
}

/* Empty when there is none: some questions need no token, and the daemon says when one does. */
static int find_token(const struct rg_ctl *ctl, struct rg_buf *into, struct rg_error *err)
{
    char own[RG_SITE_PATH_MAX];
    const char *path = rg_ctl_option(ctl, "token-file");
    bool named = path != NULL;
    own_file("token", own);
    if (!named)
        path = own;
    if (path[0] == '\0')
        return 0;
    struct rg_error why;
    int rc = first_line(path, into, &why);
    if (rc == RG_ENOTFOUND && !named)
        return 0;
    if (rc < 0)
        return rg_fail(err, rc, "token file %s: %s", path, why.text);
    warn_when_readable(path);
    return 0;
}

/* A token in the clear goes to this machine only. */
static bool may_carry_token(const char *url)
{
    static const char *const fine[] = {"https://", "http://127.", "http://[::1]", "http://localhost:", "http://localhost/"};
    for (size_t i = 0; i < RG_COUNT(fine); i++)
        if (strncmp(url, fine[i], strlen(fine[i])) == 0)
            return true;
    return strcmp(url, "http://localhost") == 0;
}

/* ---- the request ---- */

struct exchange {
    struct rg_ctl_answer *answer;
    char why[256]; /* no answer came */
};

static void on_done(const struct rg_http_response *response, void *ctx)
{
    struct exchange *x = ctx;
    if (response->fate != RG_HTTP_ANSWERED) {
        (void)snprintf(
            x->why, sizeof x->why, "%s%s", response->detail,
            response->fate == RG_HTTP_UNKNOWN ? "; whether it was carried out is not known: look before repeating an act" : "");
        return;
    }
    x->answer->status = response->status;
    rg_buf_add_str(&x->answer->body, response->body);
}

static int send_request(const char *url, const char *path, const char *token, const char *body, struct rg_ctl_answer *answer,
                        struct rg_error *err)
{
    struct exchange x = {.answer = answer};
    struct rg_buf target RG_CLEANUP(rg_buf_done), bearer RG_CLEANUP(rg_secret_done);
    rg_buf_init(&target, RG_HTTP_URL_BYTES_MAX);
    rg_buf_init(&bearer, TOKEN_BYTES_MAX + 16);
    size_t n = strlen(url);
    while (n > 0 && url[n - 1] == '/')
        n--;
    rg_buf_addf(&target, "%.*s%s", (int)n, url, path);
    rg_buf_addf(&bearer, "Bearer %s", token);
    const struct rg_http_header headers[] = {{RG_STR("Content-Type"), RG_STR("application/json")},
                                             {RG_STR("Authorization"), rg_buf_str(&bearer)}};
    const struct rg_http_request request = {.method = body != NULL ? RG_STR("POST") : RG_STR("GET"),
                                            .url = rg_buf_str(&target),
                                            .headers = headers,
                                            .header_count = token[0] != '\0' ? 2 : 1,
                                            .body = rg_str(body),
                                            .timeout_ms = TIMEOUT_MS};
    const struct rg_http_config config = {
        .clock = rg_clock_system(), .private_allowed = true, .response_bytes_max = ANSWER_BYTES_MAX};
    struct rg_http_client *client = rg_http_client_new(&config);
    int rc = rg_http_submit(client, &request, err);
    while (rc == 0 && rg_http_in_flight(client) > 0)
        (void)rg_http_poll(client, 1000, on_done, &x);
    rg_http_client_free(&client);
    if (rc == 0 && x.why[0] != '\0')
        rc = rg_fail(err, RG_EUNREACHABLE, "%s", x.why);
    return rc;
}

/* ---- what a refusal means ---- */

static int refused(const struct rg_ctl *ctl, const struct rg_ctl_answer *answer)
{
    static const struct {
        int status, exit;
        const char *advice;
    } table[] = {
        {400, RG_EXIT_USAGE, NULL},
        {401, RG_EXIT_USAGE, "put your token into ~/.config/regua/token (chmod 600), or name its file with --token-file"},
        {403, RG_EXIT_REFUSED, NULL},
        {404, RG_EXIT_FINDINGS, NULL},
        {409, RG_EXIT_REFUSED, NULL},
        {503, RG_EXIT_UNREACHABLE, "reguactl status tells what is missing"},
    };
    struct rg_str detail = answer->doc != NULL ? rg_ctl_text(rg_json_root(answer->doc), "detail") : RG_STR("");
    if (detail.n > 0)
        fprintf(stderr, "reguactl %s: " RG_STR_FMT "\n", ctl->command->name, RG_STR_ARG(detail));
    else
        fprintf(stderr, "reguactl %s: the server answered with status %d; is this really reguad?\n", ctl->command->name,
                answer->status);
    for (size_t i = 0; i < RG_COUNT(table) && detail.n > 0; i++) {
        if (table[i].status != answer->status)
            continue;
        if (table[i].advice != NULL)
            fprintf(stderr, "  %s\n", table[i].advice);
        return table[i].exit;
    }
    return RG_EXIT_UNREACHABLE;
}

int rg_ctl_ask_text(struct rg_ctl *ctl, const char *path, const char *body, struct rg_ctl_answer *ret_answer)
{
    struct rg_ctl_answer answer RG_CLEANUP(rg_ctl_answer_done) = {0};
    struct rg_buf url RG_CLEANUP(rg_buf_done), token RG_CLEANUP(rg_secret_done);
    struct rg_error err;
    rg_buf_init(&url, RG_HTTP_URL_BYTES_MAX);
    rg_buf_init(&token, TOKEN_BYTES_MAX);
    rg_buf_init(&answer.body, ANSWER_BYTES_MAX + 1);
    if (find_url(ctl, &url, &err) < 0 || find_token(ctl, &token, &err) < 0) {
        fprintf(stderr, "reguactl %s: %s\n", ctl->command->name, err.text);
        return RG_EXIT_USAGE;
    }
    if (strncmp(rg_buf_cstr(&url), "http://", 7) != 0 && strncmp(rg_buf_cstr(&url), "https://", 8) != 0) {
        fprintf(stderr, "reguactl %s: \"%s\" is no address of a daemon; one such as http://127.0.0.1:8470 expected\n",
                ctl->command->name, rg_buf_cstr(&url));
        return RG_EXIT_USAGE;
    }
    if (token.len > 0 && !may_carry_token(rg_buf_cstr(&url))) {
        fprintf(stderr, "reguactl %s: will not send a token to %s in the clear; use https, or ssh -L 8470:127.0.0.1:8470\n",
                ctl->command->name, rg_buf_cstr(&url));
        return RG_EXIT_REFUSED;
    }
    int rc = send_request(rg_buf_cstr(&url), path, rg_buf_cstr(&token), body, &answer, &err);
    if (rc < 0) {
        fprintf(stderr, "reguactl %s: %s: %s\n", ctl->command->name, rg_buf_cstr(&url), err.text);
        if (rc != RG_EINVAL)
            fputs("  is reguad running there? systemctl status reguad; another address: --url\n", stderr);
        return rc == RG_EINVAL ? RG_EXIT_USAGE : RG_EXIT_UNREACHABLE;
    }
    if (answer.body.len > 0 && answer.body.data[0] == '{' &&
        rg_json_parse(rg_buf_str(&answer.body), ANSWER_BYTES_MAX, &answer.doc, NULL) < 0)
        answer.doc = NULL; /* a text, or not from who was asked */
    if (answer.status < 200 || answer.status > 299)
        return refused(ctl, &answer);
    *ret_answer = answer;
    answer = (struct rg_ctl_answer){0};
    return RG_EXIT_FINE;
}

int rg_ctl_ask(struct rg_ctl *ctl, const char *path, const char *body, struct rg_ctl_answer *ret_answer)
{
    struct rg_ctl_answer answer RG_CLEANUP(rg_ctl_answer_done) = {0};
    int rc = rg_ctl_ask_text(ctl, path, body, &answer);
    if (rc != RG_EXIT_FINE)
        return rc;
    if (answer.doc == NULL) {
        fprintf(stderr, "reguactl %s: the answer is no JSON object; is this really reguad?\n", ctl->command->name);
        return RG_EXIT_UNREACHABLE;
    }
    *ret_answer = answer;
    answer = (struct rg_ctl_answer){0};
    return RG_EXIT_FINE;
}

void rg_ctl_debtor_path(const char *debtor, const char *suffix, struct rg_buf *into)
{
    rg_buf_adds(into, "/api/v1/debtors/");
    rg_buf_add_percent(into, rg_str(debtor));
    rg_buf_adds(into, suffix);
}

/* ---- acts ---- */

int rg_ctl_act(struct rg_ctl *ctl, const char *path, const char *const fields[][2])
{
    struct rg_ctl_answer answer RG_CLEANUP(rg_ctl_answer_done) = {0};
    struct rg_buf body RG_CLEANUP(rg_buf_done);
    struct rg_jw jw;
    rg_buf_init(&body, (size_t)64 * 1024);
    rg_jw_init(&jw, &body);
    rg_jw_object(&jw);
    for (size_t i = 0; fields[i][0] != NULL; i++)
        if (fields[i][1] != NULL)
            rg_jw_member_cstr(&jw, fields[i][0], fields[i][1]);
    rg_jw_object_end(&jw);
    rg_jw_done(&jw);
    int rc = rg_ctl_ask(ctl, path, rg_buf_cstr(&body), &answer);
    if (rc != RG_EXIT_FINE)
        return rc;
    if (rg_ctl_option(ctl, "json") != NULL)
        return rg_ctl_print_json(&answer);
    const struct rg_json_value *root = rg_json_root(answer.doc);
    struct rg_str changed = rg_ctl_text(root, "changed"), by = rg_ctl_text(root, "by"), undo = rg_ctl_text(root, "undo");
    printf("%s by " RG_STR_FMT ": " RG_STR_FMT "\n", ctl->command->name, RG_STR_ARG(by), RG_STR_ARG(changed));
    fprintf(stderr, "undo: " RG_STR_FMT "\n", RG_STR_ARG(undo));
    return RG_EXIT_FINE;
}

/* Addresses of servers: what people write in a configuration and what a cluster answers. Both end in the same check of
 * host and port. Nothing is percent-decoded: neither hosts nor the paths of sockets need it. */
#include "base/redis/connection.h"

#include <stdio.h>
#include <string.h>

#define DEFAULT_PORT 6379

static bool starts_with(struct rg_str text, const char *prefix)
{
    size_t n = strlen(prefix);
    return text.n >= n && memcmp(text.p, prefix, n) == 0;
}

static struct rg_str skip(struct rg_str text, size_t n)
{
    return (struct rg_str){text.p + n, text.n - n};
}

/* Everything before the first `mark` is cut off into *ret_head; false when there is none. */
static bool cut_at(struct rg_str *text, char mark, struct rg_str *ret_head)
{
    const char *at = text->n > 0 ? memchr(text->p, mark, text->n) : NULL;
    if (at == NULL)
        return false;
    size_t n = (size_t)(at - text->p);
    *ret_head = (struct rg_str){text->p, n};
    *text = skip(*text, n + 1);
    return true;
}

static bool all_printable(struct rg_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] <= 0x20 || (unsigned char)text.p[i] == 0x7f)
            return false;
    return true;
}

static RG_MUST_USE int copy_part(struct rg_str part, const char *what, char *ret_text, size_t bytes_max, struct rg_error *err)
{
    if (part.n == 0)
        return rg_fail(err, RG_EINVAL, "Redis URL: the %s is empty", what);
    if (part.n > bytes_max)
        return rg_fail(err, RG_EINVAL, "Redis URL: the %s has %zu bytes, at most %zu are possible", what, part.n, bytes_max);
    memcpy(ret_text, part.p, part.n);
    ret_text[part.n] = '\0';
    return 0;
}

static RG_MUST_USE int parse_db(struct rg_str text, int *ret_db, struct rg_error *err)
{
    int64_t db;
    if (!rg_str_to_i64(text, &db) || db < 0 || db > RG_REDIS_DB_MAX)
        return rg_fail(err, RG_EINVAL, "Redis URL: expected a database number from 0 to %d", RG_REDIS_DB_MAX);
    *ret_db = (int)db;
    return 0;
}

static RG_MUST_USE int parse_port(struct rg_str text, uint16_t *ret_port, struct rg_error *err)
{
    int64_t port;
    if (!rg_str_to_i64(text, &port) || port < 1 || port > 65535)
        return rg_fail(err, RG_EINVAL, "Redis address: expected a port from 1 to 65535 after ':'");
    *ret_port = (uint16_t)port;
    return 0;
}

static bool host_is_fine(struct rg_str host)
{
    if (host.n == 0 || host.n > RG_REDIS_HOST_MAX)
        return false;
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && memchr("-._:%", c, 5) == NULL)
            return false;
    }
    return host.p[0] != '-';
}

/* "[address]" or "host", the port's colon included in *ret_rest */
static RG_MUST_USE int split_host(struct rg_str text, struct rg_str *ret_host, struct rg_str *ret_rest, struct rg_error *err)
{
    struct rg_str host = text;
    struct rg_str rest = {text.p + text.n, 0};
    if (starts_with(text, "[")) {
        rest = skip(text, 1);
        if (!cut_at(&rest, ']', &host))
            return rg_fail(err, RG_EINVAL, "Redis address: expected ']' after the IPv6 address");
        if (rest.n > 0 && rest.p[0] != ':')
            return rg_fail(err, RG_EINVAL, "Redis address: expected ':' and a port after ']'");
    } else if (text.n > 0 && memchr(text.p, ':', text.n) != NULL) {
        const char *colon = memchr(text.p, ':', text.n);
        host.n = (size_t)(colon - text.p);
        rest = skip(text, host.n);
    }
    *ret_host = host;
    *ret_rest = rest;
    return 0;
}

static RG_MUST_USE int parse_host(struct rg_str text, struct rg_redis_url *url, struct rg_error *err)
{
    struct rg_str host = {0};
    struct rg_str rest = {0};
    int rc = split_host(text, &host, &rest, err);
    if (rc < 0)
        return rc;
    url->port = DEFAULT_PORT;
    if (rest.n > 0)
        rc = parse_port(skip(rest, 1), &url->port, err);
    if (rc < 0)
        return rc;
    if (!host_is_fine(host))
        return rg_fail(err, RG_EINVAL, "Redis address: expected a host name, an IPv4 address or an IPv6 address in brackets");
    return copy_part(host, "host", url->host, RG_REDIS_HOST_MAX, err);
}

static RG_MUST_USE int parse_unix(struct rg_str text, struct rg_redis_url *url, struct rg_error *err)
{
    url->is_unix = true;
    struct rg_str path = text;
    if (cut_at(&text, '?', &path)) {
        if (!starts_with(text, "db="))
            return rg_fail(err, RG_EINVAL, "Redis URL: only ?db=N may follow the path of a socket");
        int rc = parse_db(skip(text, 3), &url->db, err);
        if (rc < 0)
            return rc;
    }
    if (!starts_with(path, "/"))
        return rg_fail(err, RG_EINVAL, "Redis URL: expected an absolute path after unix://, as in unix:///run/redis/redis.sock");
    return copy_part(path, "path", url->path, RG_REDIS_PATH_MAX, err);
}

static RG_MUST_USE int parse_tcp(struct rg_str text, struct rg_redis_url *url, struct rg_error *err)
{
    struct rg_str user;
    int rc = 0;
    if (cut_at(&text, '@', &user)) {
        if (memchr(user.p, ':', user.n) != NULL)
            return rg_fail(err, RG_EREFUSED,
                           "Redis URL: a password does not belong into it; give it as redis.password: { credential: NAME }");
        rc = copy_part(user, "user", url->user, RG_REDIS_USER_MAX, err);
    }
    if (rc < 0)
        return rc;
    struct rg_str address = text;
    if (cut_at(&text, '/', &address) && text.n > 0)
        rc = parse_db(text, &url->db, err);
    return rc < 0 ? rc : parse_host(address, url, err);
}

int rg_redis_url_parse(struct rg_str text, struct rg_redis_url *ret_url, struct rg_error *err)
{
    struct rg_redis_url url = {0};
    int rc;
    if (!all_printable(text))
        return rg_fail(err, RG_EINVAL, "Redis URL: spaces and control characters cannot be part of it");
    if (starts_with(text, "unix://"))
        rc = parse_unix(skip(text, strlen("unix://")), &url, err);
    else if (starts_with(text, "redis://"))
        rc = parse_tcp(skip(text, strlen("redis://")), &url, err);
    else if (starts_with(text, "rediss://"))
        rc = rg_fail(err, RG_EREFUSED,
                     "Redis over TLS (rediss://) is not spoken here; use a Unix socket, or stunnel and redis://127.0.0.1:PORT");
    else
        rc = rg_fail(err, RG_EINVAL, "Redis URL: expected unix:///path or redis://host:port");
    if (rc == 0)
        *ret_url = url;
    return rc;
}

int rg_redis_moved_parse(struct rg_str text, const struct rg_redis_url *from, struct rg_redis_url *ret_url, struct rg_error *err)
{
    struct rg_str word;
    struct rg_str slot;
    int64_t number;
    if (!cut_at(&text, ' ', &word) || !rg_str_is(word, "MOVED") || !cut_at(&text, ' ', &slot) || !rg_str_to_i64(slot, &number))
        return rg_fail(err, RG_EINVAL, "expected \"MOVED slot host:port\" from the cluster");
    size_t colon = text.n;
    while (colon > 0 && text.p[colon - 1] != ':')
        colon--;
    if (colon == 0)
        return rg_fail(err, RG_EINVAL, "expected host:port in the cluster's MOVED");
    struct rg_redis_url node = {.db = from->db};
    int rc = parse_port(skip(text, colon), &node.port, err);
    if (rc < 0)
        return rc;
    struct rg_str host = colon > 1 || from->is_unix ? (struct rg_str){text.p, colon - 1} : rg_str(from->host);
    if (!host_is_fine(host))
        return rg_fail(err, RG_EINVAL, "the cluster's MOVED names no host that could be reached");
    memcpy(node.host, host.p, host.n);
    *ret_url = node;
    return 0;
}

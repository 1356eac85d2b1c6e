/* Secrets are read where and when they are used and nowhere kept in the snapshot, so that a dump of the configuration cannot hold
 * one. systemd's credentials directory is trusted as the environment names it; a set-user-id program would not see it. */
#include "base/core/file.h"
#include "config/site/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int credential_path(struct rg_str name, char ret_path[RG_SITE_PATH_MAX], struct rg_error *err)
{
    const char *directory = secure_getenv("CREDENTIALS_DIRECTORY");
    if (directory == NULL || directory[0] == '\0')
        return rg_fail(err, RG_ENOTFOUND,
                       "credential \"%.64s\": there is no $CREDENTIALS_DIRECTORY; start the service by systemd with "
                       "LoadCredential=%.64s, or write { file: PATH }", name.p, name.p);
    int n = snprintf(ret_path, RG_SITE_PATH_MAX, "%s/" RG_STR_FMT, directory, RG_STR_ARG(name));
    if (n < 0 || n >= RG_SITE_PATH_MAX)
        return rg_fail(err, RG_ELIMIT, "credential \"%.64s\": its path is too long", name.p);
    return 0;
}

static int secret_path(const struct rg_site *site, struct rg_secret secret, char ret_path[RG_SITE_PATH_MAX], struct rg_error *err)
{
    if (secret.kind == RG_SECRET_CREDENTIAL)
        return credential_path(secret.name, ret_path, err);
    if (secret.kind == RG_SECRET_NONE)
        return rg_fail(err, RG_ENOTFOUND, "no secret is configured");
    if (!rg_site_path(site, secret.name, ret_path))
        return rg_fail(err, RG_ELIMIT, "secret file \"%.64s…\": its path is too long", secret.name.p);
    return 0;
}

static void cut_line_break(struct rg_buf *buf)
{
    if (buf->len > 0 && buf->data[buf->len - 1] == '\n')
        buf->data[--buf->len] = '\0';
    if (buf->len > 0 && buf->data[buf->len - 1] == '\r')
        buf->data[--buf->len] = '\0';
}

int rg_secret_read(const struct rg_site *site, struct rg_secret secret, struct rg_buf *into, struct rg_error *err)
{
    char path[RG_SITE_PATH_MAX];
    struct rg_error why;
    int rc = secret_path(site, secret, path, err);
    if (rc < 0)
        return rc;
    rg_secret_done(into);
    rg_buf_init(into, RG_SECRET_BYTES_MAX);
    rc = rg_file_read(path, into, &why);
    if (rc < 0)
        rg_secret_done(into); /* half a secret helps nobody */
    if (rc < 0)
        return rg_fail(err, rc, "secret %.160s: %s", path, why.text);
    cut_line_break(into);
    if (into->len == 0)
        return rg_fail(err, RG_EINVAL, "secret %.160s is empty", path);
    if (memchr(into->data, '\0', into->len) != NULL) {
        rg_secret_done(into);
        return rg_fail(err, RG_EINVAL, "secret %.160s holds a NUL byte; expected text", path);
    }
    return 0;
}

void rg_secret_done(struct rg_buf *secret)
{
    if (secret->data != NULL)
        explicit_bzero(secret->data, secret->cap);
    rg_buf_done(secret);
}

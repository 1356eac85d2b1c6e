/* One open, one fstat, reads until the end. The size that fstat tells is not trusted: a file may grow while it is read, so
 * the buffer's ceiling is what stops us. */
#include "base/core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* read only: nothing can be lost by a failing close */
}

static int check_kind(int fd, struct rg_error *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return rg_fail(err, RG_EIO, "%s", strerror(errno));
    if (S_ISDIR(st.st_mode))
        return rg_fail(err, RG_EINVAL, "it is a directory; expected a file");
    if (!S_ISREG(st.st_mode))
        return rg_fail(err, RG_EINVAL, "it is no regular file");
    return 0;
}

int rg_file_read(const char *path, struct rg_buf *into, struct rg_error *err)
{
    int fd RG_CLEANUP(close_fd) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return rg_fail(err, errno == ENOENT || errno == ENOTDIR ? RG_ENOTFOUND : RG_EIO, "%s", strerror(errno));
    int rc = check_kind(fd, err);
    if (rc < 0)
        return rc;
    char chunk[16 * 1024];
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return rg_fail(err, RG_EIO, "%s", strerror(errno));
        if (n == 0)
            return 0;
        rg_buf_add(into, chunk, (size_t)n);
        if (into->overflow)
            return rg_fail(err, RG_ELIMIT, "it is larger than %zu bytes", into->max_bytes);
    }
}

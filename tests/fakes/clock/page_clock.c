/* One mapped page, two atomic words. No lock and no sequence counter: the driver's contract (turn only at rest) makes a torn
 * pair harmless, and a reader that never waits cannot be stopped by a driver that was. */
#include "tests/fakes/clock/page_clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[8] = {'R', 'G', 'C', 'L', 'O', 'C', 'K', '1'};
#define VERSION 1

struct page {
    char magic[8];
    uint32_t version;
    uint32_t zero;
    int64_t wall_ms;
    int64_t shared_ms;
};
static_assert(offsetof(struct page, wall_ms) == 16 && offsetof(struct page, shared_ms) == 24,
              "the layout is written down in the header");

struct rg_page_clock {
    struct rg_clock clock;
    struct page *page;
    bool driver;
};

static int64_t read_wall(void *ctx)
{
    const struct rg_page_clock *self = ctx;
    return __atomic_load_n(&self->page->wall_ms, __ATOMIC_ACQUIRE);
}

static int64_t read_shared(void *ctx)
{
    const struct rg_page_clock *self = ctx;
    return __atomic_load_n(&self->page->shared_ms, __ATOMIC_ACQUIRE);
}

static int64_t read_boot(void *ctx)
{
    (void)ctx;
    return rg_boot_ms(rg_clock_system());
}

static struct rg_page_clock *new_clock(void *mapped, bool driver)
{
    struct rg_page_clock *self = rg_alloc(sizeof *self);
    self->page = mapped;
    self->driver = driver;
    self->clock = (struct rg_clock){read_wall, read_boot, read_shared, self};
    return self;
}

static int map_page(int fd, const char *path, int protection, void **ret_mapped, struct rg_error *err)
{
    struct stat info;
    if (fstat(fd, &info) < 0)
        return rg_fail(err, RG_EIO, "clock page %s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode) || info.st_size != RG_PAGE_CLOCK_BYTES)
        return rg_fail(err, RG_EINVAL, "clock page %s: expected a file of %d bytes", path, RG_PAGE_CLOCK_BYTES);
    void *mapped = mmap(NULL, RG_PAGE_CLOCK_BYTES, protection, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        return rg_fail(err, RG_EIO, "clock page %s: %s", path, strerror(errno));
    *ret_mapped = mapped;
    return 0;
}

/* Fills a new file beside `path` and moves it there, so that whoever opens `path` finds a whole page. */
static int make_file(const char *path, const struct page *content, int *ret_fd, struct rg_error *err)
{
    char beside[4096];
    int n = snprintf(beside, sizeof beside, "%s.%ld.new", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof beside)
        return rg_fail(err, RG_ELIMIT, "clock page: its path is too long");
    int fd = open(beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return rg_fail(err, RG_EIO, "clock page %s: %s", beside, strerror(errno));
    if (ftruncate(fd, RG_PAGE_CLOCK_BYTES) < 0 || pwrite(fd, content, sizeof *content, 0) != (ssize_t)sizeof *content ||
        rename(beside, path) < 0) {
        int rc = rg_fail(err, RG_EIO, "clock page %s: %s", path, strerror(errno));
        (void)unlink(beside); /* a leftover harms nobody */
        (void)close(fd);
        return rc;
    }
    *ret_fd = fd;
    return 0;
}

int rg_page_clock_create(const char *path, int64_t wall_ms, int64_t shared_ms, struct rg_page_clock **ret_page,
                         struct rg_error *err)
{
    struct page content = {.version = VERSION, .wall_ms = wall_ms, .shared_ms = shared_ms};
    memcpy(content.magic, magic, sizeof magic);
    int fd = -1;
    int rc = make_file(path, &content, &fd, err);
    if (rc < 0)
        return rc;
    void *mapped = NULL;
    rc = map_page(fd, path, PROT_READ | PROT_WRITE, &mapped, err);
    (void)close(fd); /* the mapping stays */
    if (rc < 0)
        return rc;
    *ret_page = new_clock(mapped, true);
    return 0;
}

int rg_page_clock_open(const char *path, struct rg_page_clock **ret_page, struct rg_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return rg_fail(err, RG_EIO, "clock page %s: %s", path, strerror(errno));
    void *mapped = NULL;
    int rc = map_page(fd, path, PROT_READ, &mapped, err);
    (void)close(fd);
    if (rc < 0)
        return rc;
    const struct page *page = mapped;
    if (memcmp(page->magic, magic, sizeof magic) != 0 || page->version != VERSION) {
        (void)munmap(mapped, RG_PAGE_CLOCK_BYTES);
        return rg_fail(err, RG_EINVAL, "clock page %s: does not begin with RGCLOCK1 and version %d", path, VERSION);
    }
    *ret_page = new_clock(mapped, false);
    return 0;
}

void rg_page_clock_close(struct rg_page_clock **page)
{
    if (*page == NULL)
        return;
    (void)munmap((*page)->page, RG_PAGE_CLOCK_BYTES);
    rg_free(page);
}

const struct rg_clock *rg_page_clock(const struct rg_page_clock *page)
{
    return &page->clock;
}

void rg_page_clock_set(struct rg_page_clock *page, int64_t wall_ms, int64_t shared_ms)
{
    rg_assert(page->driver);
    __atomic_store_n(&page->page->shared_ms, shared_ms, __ATOMIC_RELEASE);
    __atomic_store_n(&page->page->wall_ms, wall_ms, __ATOMIC_RELEASE);
}

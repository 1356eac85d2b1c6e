/* A table under one mutex, and a thread that sleeps until the earliest deadline. shutdown() from another thread is all it does to
 * a connection: the server then sees the peer as gone and cleans up by itself. */
#include "base/httpd/deadline.h"

#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

#define NEVER INT64_MAX

struct rg_deadline {
    int fd; /* −1: free */
    int64_t at_ms;
};

struct rg_deadlines {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool stopping;
    size_t max;
    struct rg_deadline *slots;
};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Ends what is due and returns the earliest deadline that remains. */
static int64_t end_due(struct rg_deadlines *d)
{
    int64_t now = now_ms(), next = NEVER;
    for (size_t i = 0; i < d->max; i++) {
        struct rg_deadline *slot = &d->slots[i];
        if (slot->fd < 0)
            continue;
        if (slot->at_ms <= now) {
            (void)shutdown(slot->fd, SHUT_RDWR); /* gone already: as good */
            slot->at_ms = NEVER;
        }
        if (slot->at_ms < next)
            next = slot->at_ms;
    }
    return next;
}

static void *run(void *ctx)
{
    struct rg_deadlines *d = ctx;
    (void)pthread_mutex_lock(&d->mutex);
    while (!d->stopping) {
        int64_t next = end_due(d);
        if (next == NEVER) {
            (void)pthread_cond_wait(&d->changed, &d->mutex);
            continue;
        }
        struct timespec until = {.tv_sec = next / 1000, .tv_nsec = next % 1000 * 1000000};
        (void)pthread_cond_timedwait(&d->changed, &d->mutex, &until);
    }
    (void)pthread_mutex_unlock(&d->mutex);
    return NULL;
}

struct rg_deadlines *rg_deadlines_new(size_t max)
{
    struct rg_deadlines *d = rg_alloc(sizeof *d);
    pthread_condattr_t attr;
    d->max = max;
    d->slots = rg_alloc(max * sizeof d->slots[0]);
    for (size_t i = 0; i < max; i++)
        d->slots[i].fd = -1;
    int rc = pthread_mutex_init(&d->mutex, NULL);
    rc |= pthread_condattr_init(&attr);
    rc |= pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    rc |= pthread_cond_init(&d->changed, &attr);
    rc |= pthread_condattr_destroy(&attr);
    rc |= pthread_create(&d->thread, NULL, run, d);
    rg_assert(rc == 0);
    return d;
}

void rg_deadlines_free(struct rg_deadlines **deadlines)
{
    struct rg_deadlines *d = *deadlines;
    *deadlines = NULL;
    if (d == NULL)
        return;
    (void)pthread_mutex_lock(&d->mutex);
    d->stopping = true;
    (void)pthread_cond_signal(&d->changed);
    (void)pthread_mutex_unlock(&d->mutex);
    (void)pthread_join(d->thread, NULL);
    (void)pthread_cond_destroy(&d->changed);
    (void)pthread_mutex_destroy(&d->mutex);
    rg_free(&d->slots);
    rg_free(&d);
}

struct rg_deadline *rg_deadline_begin(struct rg_deadlines *d, int fd)
{
    struct rg_deadline *found = NULL;
    (void)pthread_mutex_lock(&d->mutex);
    for (size_t i = 0; i < d->max && found == NULL; i++)
        if (d->slots[i].fd < 0)
            found = &d->slots[i];
    if (found != NULL)
        *found = (struct rg_deadline){.fd = fd, .at_ms = NEVER};
    (void)pthread_mutex_unlock(&d->mutex);
    return found;
}

void rg_deadline_set(struct rg_deadlines *d, struct rg_deadline *deadline, int64_t in_ms)
{
    (void)pthread_mutex_lock(&d->mutex);
    deadline->at_ms = in_ms < 0 ? NEVER : now_ms() + in_ms;
    (void)pthread_cond_signal(&d->changed);
    (void)pthread_mutex_unlock(&d->mutex);
}

void rg_deadline_end(struct rg_deadlines *d, struct rg_deadline *deadline)
{
    (void)pthread_mutex_lock(&d->mutex);
    deadline->fd = -1;
    (void)pthread_mutex_unlock(&d->mutex);
}

/* Connections are slots of a fixed table; a slot is free when its thread has said so and was joined. Past the last slot new
 * connections wait in the kernel's queue. Closing shuts every socket down, which ends every read. */
#include "tests/fakes/inbox/smtp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum slot_state { SLOT_FREE, SLOT_BUSY, SLOT_ENDED };

struct slot {
    struct smtp_door *door;
    pthread_t thread;
    int fd;
    enum slot_state state;
};

struct smtp_door {
    struct smtp_shared shared;
    pthread_mutex_t lock; /* of the slots */
    struct slot slots[RG_INBOX_CONNECTIONS_MAX];
    int listener, port, wake;
    pthread_t acceptor;
    bool closing;
};

static void wake_acceptor(struct smtp_door *door)
{
    uint64_t one = 1;
    ssize_t n = write(door->wake, &one, sizeof one);
    rg_assert(n == (ssize_t)sizeof one);
}

static void *serve(void *arg)
{
    struct slot *slot = arg;
    struct smtp_door *door = slot->door;
    struct smtp_io *io = rg_alloc(sizeof *io);
    smtp_io_init(io, slot->fd, door->shared.store);
    smtp_dialogue(&door->shared, io);
    smtp_io_done(io);
    rg_free(&io);
    (void)pthread_mutex_lock(&door->lock);
    (void)close(slot->fd);
    slot->state = SLOT_ENDED;
    (void)pthread_mutex_unlock(&door->lock);
    wake_acceptor(door); /* it may be waiting for a slot */
    return NULL;
}

static enum slot_state state_of(struct smtp_door *door, const struct slot *slot)
{
    (void)pthread_mutex_lock(&door->lock);
    enum slot_state state = slot->state;
    (void)pthread_mutex_unlock(&door->lock);
    return state;
}

static void join_ended(struct smtp_door *door)
{
    for (size_t i = 0; i < RG_COUNT(door->slots); i++) {
        struct slot *slot = &door->slots[i];
        if (state_of(door, slot) != SLOT_ENDED)
            continue;
        (void)pthread_join(slot->thread, NULL); /* it has done its last step already */
        (void)pthread_mutex_lock(&door->lock);
        slot->state = SLOT_FREE;
        (void)pthread_mutex_unlock(&door->lock);
    }
}

static struct slot *free_slot(struct smtp_door *door)
{
    struct slot *found = NULL;
    join_ended(door);
    (void)pthread_mutex_lock(&door->lock);
    for (size_t i = 0; i < RG_COUNT(door->slots) && found == NULL; i++)
        if (door->slots[i].state == SLOT_FREE)
            found = &door->slots[i];
    (void)pthread_mutex_unlock(&door->lock);
    return found;
}

static void take_connection(struct smtp_door *door, struct slot *slot)
{
    int fd = accept4(door->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return; /* it went away again */
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* only slower without */
    (void)pthread_mutex_lock(&door->lock);
    slot->door = door;
    slot->fd = fd;
    slot->state = SLOT_BUSY;
    if (pthread_create(&slot->thread, NULL, serve, slot) != 0) {
        (void)close(fd);
        slot->state = SLOT_FREE;
    }
    (void)pthread_mutex_unlock(&door->lock);
}

static void *accept_all(void *arg)
{
    struct smtp_door *door = arg;
    for (;;) {
        struct slot *slot = free_slot(door);
        struct pollfd ready[] = {{.fd = door->wake, .events = POLLIN},
                                 {.fd = slot != NULL ? door->listener : -1, .events = POLLIN}};
        if (poll(ready, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (ready[0].revents != 0) {
            uint64_t count = 0;
            ssize_t n = read(door->wake, &count, sizeof count);
            (void)n; /* woken is woken */
        }
        (void)pthread_mutex_lock(&door->lock);
        bool closing = door->closing;
        (void)pthread_mutex_unlock(&door->lock);
        if (closing)
            return NULL;
        if (slot != NULL && ready[1].revents != 0)
            take_connection(door, slot);
    }
}

static int listen_on(int wanted, int *ret_fd, int *ret_port, struct rg_error *err)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    if (fd < 0)
        return rg_fail(err, RG_EIO, "smtp door: %s", strerror(errno));
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)wanted), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); /* bind says what is wrong */
    if (bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 1024) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
        int rc = rg_fail(err, RG_EIO, "smtp door on port %d: %s", wanted, strerror(errno));
        (void)close(fd);
        return rc;
    }
    *ret_fd = fd;
    *ret_port = ntohs(address.sin_port);
    return 0;
}

static int load_tls(const struct rg_inbox_config *config, SSL_CTX **ret_tls, struct rg_error *err)
{
    if (config->tls_cert == NULL) {
        *ret_tls = NULL;
        return config->tls_required ? rg_fail(err, RG_EINVAL, "smtp door: TLS is required, yet there is no certificate") : 0;
    }
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    rg_assert(tls != NULL);
    if (SSL_CTX_use_certificate_chain_file(tls, config->tls_cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(tls, config->tls_key != NULL ? config->tls_key : config->tls_cert, SSL_FILETYPE_PEM) != 1) {
        char reason[128];
        ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
        SSL_CTX_free(tls);
        return rg_fail(err, RG_EINVAL, "smtp door: certificate %s: %s", config->tls_cert, reason);
    }
    (void)SSL_CTX_set_mode(tls, SSL_MODE_AUTO_RETRY);
    *ret_tls = tls;
    return 0;
}

int smtp_door_open(const struct rg_inbox_config *config, struct inbox_store *store, struct inbox_faults *faults,
                   struct smtp_door **ret_door, struct rg_error *err)
{
    SSL_CTX *tls = NULL;
    int rc = load_tls(config, &tls, err);
    if (rc < 0)
        return rc;
    int listener = -1, port = -1;
    rc = listen_on(config->smtp_port, &listener, &port, err);
    if (rc < 0) {
        SSL_CTX_free(tls);
        return rc;
    }
    struct smtp_door *door = rg_alloc(sizeof *door);
    door->shared = (struct smtp_shared){store, faults, tls, config->tls_required, config->smtp_user, config->smtp_password};
    door->listener = listener;
    door->port = port;
    door->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int failed = pthread_mutex_init(&door->lock, NULL);
    rg_assert(door->wake >= 0);
    failed |= pthread_create(&door->acceptor, NULL, accept_all, door);
    rg_assert(failed == 0);
    *ret_door = door;
    return 0;
}

void smtp_door_close(struct smtp_door **door)
{
    struct smtp_door *self = *door;
    if (self == NULL)
        return;
    (void)pthread_mutex_lock(&self->lock);
    self->closing = true;
    for (size_t i = 0; i < RG_COUNT(self->slots); i++)
        if (self->slots[i].state == SLOT_BUSY)
            (void)shutdown(self->slots[i].fd, SHUT_RDWR); /* its thread ends */
    (void)pthread_mutex_unlock(&self->lock);
    wake_acceptor(self);
    (void)pthread_join(self->acceptor, NULL);
    for (size_t i = 0; i < RG_COUNT(self->slots); i++)
        if (state_of(self, &self->slots[i]) != SLOT_FREE)
            (void)pthread_join(self->slots[i].thread, NULL);
    (void)close(self->listener);
    (void)close(self->wake);
    SSL_CTX_free(self->shared.tls);
    (void)pthread_mutex_destroy(&self->lock);
    rg_free(door);
}

int smtp_door_port(const struct smtp_door *door)
{
    return door->port;
}

// The limit for small messages over io_uring: one thread, one ring, multishot accept and receive with provided buffers, and
// sends through the ring. One system call submits all sends of a turn and waits for the next turn.

#define _GNU_SOURCE
#include "messages.h"
#include "ring.h"

#define BUFFER 4096u
#define BUFFERS 1024u

enum { ACCEPT = 1, RECEIVE, SEND };

// Replies that arrive while a send is in flight are collected and sent after it.
struct output { unsigned char *bytes; size_t length, capacity; };
struct connection { struct exchange exchange; struct output sending, collected; size_t sent; int is_sending, is_ended; };

static struct connection **connections;
static int connection_count;

static uint64_t data_of(int operation, int fd) { return (uint64_t)operation << 32 | (unsigned)fd; }

static void reserve(struct output *output, size_t more)
{
    if (output->length + more <= output->capacity) return;
    output->capacity = (output->length + more) * 2;
    output->bytes = realloc(output->bytes, output->capacity);
    if (!output->bytes) fail("realloc");
}

static void accept_multishot(int listener)
{
    struct io_uring_sqe *sqe = ring_entry();
    sqe->opcode = IORING_OP_ACCEPT;
    sqe->fd = listener;
    sqe->ioprio = IORING_ACCEPT_MULTISHOT;
    sqe->accept_flags = SOCK_CLOEXEC;
    sqe->user_data = data_of(ACCEPT, listener);
}

static void send_rest(int fd, struct connection *connection)
{
    struct io_uring_sqe *sqe = ring_entry();
    sqe->opcode = IORING_OP_SEND;
    sqe->fd = fd;
    sqe->addr = (uint64_t)(uintptr_t)(connection->sending.bytes + connection->sent);
    sqe->len = (unsigned)(connection->sending.length - connection->sent);
    sqe->msg_flags = MSG_NOSIGNAL | MSG_WAITALL;
    sqe->user_data = data_of(SEND, fd);
    connection->is_sending = 1;
}

static void send_collected(int fd, struct connection *connection)
{
    struct output done = connection->sending;
    connection->sending = connection->collected;
    connection->collected = done;
    connection->collected.length = 0;
    connection->sent = 0;
    send_rest(fd, connection);
}

static void end(int fd, struct connection *connection)
{
    connection->is_ended = 1;
    // The bytes of a send in flight must stay valid.
    if (connection->is_sending) return;
    free(connection->sending.bytes);
    free(connection->collected.bytes);
    free(connection);
    connections[fd] = NULL;
    close(fd);
}

static void on_accept(const struct io_uring_cqe *cqe, int listener)
{
    if (!(cqe->flags & IORING_CQE_F_MORE)) accept_multishot(listener);
    if (cqe->res < 0) return;
    int fd = cqe->res;
    if (fd >= connection_count) {
        int count = fd * 2;
        connections = realloc(connections, (size_t)count * sizeof *connections);
        if (!connections) fail("realloc");
        memset(connections + connection_count, 0, (size_t)(count - connection_count) * sizeof *connections);
        connection_count = count;
    }
    connections[fd] = calloc(1, sizeof **connections);
    if (!connections[fd]) fail("calloc");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
    receive_multishot(fd, 0, data_of(RECEIVE, fd));
}

static void on_receive(const struct io_uring_cqe *cqe, int fd)
{
    struct connection *connection = connections[fd];
    if (cqe->res > 0) {
        unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
        struct output *output = &connection->collected;
        reserve(output, replies_to((size_t)cqe->res));
        output->length += answer(&connection->exchange, buffer_at(id), (size_t)cqe->res, output->bytes + output->length);
        provide(id);
        publish_provided();
        if (output->length > 0 && !connection->is_sending) send_collected(fd, connection);
    }
    if (cqe->flags & IORING_CQE_F_MORE) return;
    if (cqe->res > 0 || cqe->res == -ENOBUFS) receive_multishot(fd, 0, data_of(RECEIVE, fd));
    else end(fd, connection);
}

static void on_sent(const struct io_uring_cqe *cqe, int fd)
{
    struct connection *connection = connections[fd];
    connection->is_sending = 0;
    if (connection->is_ended) { end(fd, connection); return; }
    // The receive notices the end of a broken connection.
    if (cqe->res < 0) return;
    connection->sent += (unsigned)cqe->res;
    if (connection->sent < connection->sending.length) send_rest(fd, connection);
    else if (connection->collected.length > 0) send_collected(fd, connection);
}

int main(void)
{
    int listener = listen_on_loopback(0);
    ring_create(1024, 8192);
    provide_all(BUFFERS, BUFFER);
    accept_multishot(listener);
    for (;;) {
        ring_enter(1);
        unsigned head = *cq_head;
        // Acquire: the completions are read after the tail that publishes them.
        unsigned tail = atomic_load_explicit((_Atomic unsigned *)cq_tail, memory_order_acquire);
        for (; head != tail; head++) {
            // Copies the entry: if the submission ring is full, this thread enters the kernel, which may reuse entries below the head.
            struct io_uring_cqe cqe = cqes[head & cq_mask];
            int fd = (int)(uint32_t)cqe.user_data;
            switch (cqe.user_data >> 32) {
            case ACCEPT: on_accept(&cqe, fd); break;
            case RECEIVE: on_receive(&cqe, fd); break;
            case SEND: on_sent(&cqe, fd); break;
            }
        }
        // Release: the kernel reuses the entries after they were read.
        atomic_store_explicit((_Atomic unsigned *)cq_head, head, memory_order_release);
    }
}

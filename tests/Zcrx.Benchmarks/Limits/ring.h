// Shared by the C programs over ordinary io_uring: a ring for one thread, and a ring of provided buffers.

#ifndef RING_H
#define RING_H

#include <errno.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// The headers of a distribution may be older than these flags.
#define SETUP_SINGLE_ISSUER (1u << 12)
#define SETUP_DEFER_TASKRUN (1u << 13)
#define FEATURE_BUNDLES (1u << 14)
#define RECV_BUNDLE (1u << 4)
#define BUFFER_GROUP 0

static int ring_fd;
static unsigned ring_features;
static unsigned *sq_tail, *sq_array, *cq_head, *cq_tail, sq_mask, cq_mask, sq_entries, to_submit;
static struct io_uring_sqe *sqes;
static struct io_uring_cqe *cqes;
static struct io_uring_buf_ring *provided;
static unsigned char *provided_memory;
static unsigned provided_count, provided_length;
static uint16_t provided_tail;

static void ring_failed(const char *what) { perror(what); exit(1); }

static void ring_create(unsigned submissions, unsigned completions)
{
    struct io_uring_params params = { .flags = IORING_SETUP_CQSIZE | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN, .cq_entries = completions };
    ring_fd = (int)syscall(__NR_io_uring_setup, submissions, &params);
    if (ring_fd < 0) ring_failed("io_uring_setup");
    ring_features = params.features;
    size_t sq_bytes = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    size_t cq_bytes = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    size_t bytes = sq_bytes > cq_bytes ? sq_bytes : cq_bytes;
    char *rings = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring_fd, IORING_OFF_SQ_RING);
    if (rings == MAP_FAILED) ring_failed("mmap of the rings");
    sqes = mmap(NULL, params.sq_entries * sizeof *sqes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring_fd, IORING_OFF_SQES);
    if (sqes == MAP_FAILED) ring_failed("mmap of the entries");
    sq_tail = (unsigned *)(rings + params.sq_off.tail);
    sq_array = (unsigned *)(rings + params.sq_off.array);
    sq_mask = params.sq_entries - 1;
    sq_entries = params.sq_entries;
    cq_head = (unsigned *)(rings + params.cq_off.head);
    cq_tail = (unsigned *)(rings + params.cq_off.tail);
    cqes = (struct io_uring_cqe *)(rings + params.cq_off.cqes);
    cq_mask = params.cq_entries - 1;
}

// Submits what is pending, and waits for completions.
static void ring_enter(unsigned wait_for)
{
    int submitted = (int)syscall(__NR_io_uring_enter, ring_fd, to_submit, wait_for, IORING_ENTER_GETEVENTS, NULL, 0);
    if (submitted < 0 && errno != EINTR) ring_failed("io_uring_enter");
    if (submitted > 0) to_submit -= (unsigned)submitted;
}

static struct io_uring_sqe *ring_entry(void)
{
    // The kernel copies entries when they are submitted, so a full ring is empty afterwards.
    if (to_submit == sq_entries) ring_enter(0);
    unsigned tail = *sq_tail;
    struct io_uring_sqe *sqe = &sqes[tail & sq_mask];
    memset(sqe, 0, sizeof *sqe);
    sq_array[tail & sq_mask] = tail & sq_mask;
    // Plain store: only this thread enters the kernel, which reads the entry during the call.
    *sq_tail = tail + 1;
    to_submit++;
    return sqe;
}

static inline unsigned char *buffer_at(unsigned id) { return provided_memory + (size_t)(id & (provided_count - 1)) * provided_length; }

static inline void provide(unsigned id)
{
    id &= provided_count - 1;
    struct io_uring_buf *entry = &provided->bufs[provided_tail & (provided_count - 1)];
    entry->addr = (uint64_t)(uintptr_t)buffer_at(id);
    entry->len = provided_length;
    entry->bid = (uint16_t)id;
    provided_tail++;
}

static inline void publish_provided(void)
{
    // Release: the kernel reads the entries after it has seen the tail.
    atomic_store_explicit((_Atomic uint16_t *)&provided->tail, provided_tail, memory_order_release);
}

// Registers a ring of `count` buffers, a power of two up to 32768, and provides all of them.
static void provide_all(unsigned count, unsigned length)
{
    provided_count = count;
    provided_length = length;
    provided = mmap(NULL, count * sizeof(struct io_uring_buf), PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE | MAP_POPULATE, -1, 0);
    provided_memory = mmap(NULL, (size_t)count * length, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE | MAP_POPULATE, -1, 0);
    if (provided == MAP_FAILED || provided_memory == MAP_FAILED) ring_failed("mmap of the buffers");
    struct io_uring_buf_reg registration = { .ring_addr = (uint64_t)(uintptr_t)provided, .ring_entries = count, .bgid = BUFFER_GROUP };
    if (syscall(__NR_io_uring_register, ring_fd, IORING_REGISTER_PBUF_RING, &registration, 1) < 0) ring_failed("IORING_REGISTER_PBUF_RING");
    for (unsigned i = 0; i < count; i++) provide(i);
    publish_provided();
}

static void receive_multishot(int fd, unsigned flags, uint64_t user_data)
{
    struct io_uring_sqe *sqe = ring_entry();
    sqe->opcode = IORING_OP_RECV;
    sqe->fd = fd;
    sqe->ioprio = (uint16_t)(IORING_RECV_MULTISHOT | flags);
    sqe->flags = IOSQE_BUFFER_SELECT;
    sqe->buf_group = BUFFER_GROUP;
    sqe->user_data = user_data;
}

#endif

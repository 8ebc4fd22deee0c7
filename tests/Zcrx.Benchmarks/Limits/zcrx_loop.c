// The limit for the device-less engine: one thread, one ring, RECV_ZC multishot, a refill entry per completion.
//
// receiver.h describes the protocol. Sizes of rings and area, and the number of entries after which it flushes, are the defaults
// of ZcrxQueueOptions. The kernel headers of a distribution may be older than zcrx, so the structures are declared here.

#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "receiver.h"

#define SETUP_CQSIZE (1u << 3)
#define SETUP_CQE32 (1u << 11)
#define SETUP_SINGLE_ISSUER (1u << 12)
#define SETUP_DEFER_TASKRUN (1u << 13)
#define OPCODE_RECV_ZC 58
#define REGISTER_ZCRX_IFQ 32
#define REGISTER_ZCRX_CTRL 36
#define REG_NODEV 2u
#define CTRL_FLUSH_RQ 0u
#define REGION_TYPE_USER 1u
#define AREA_MASK 0xffff000000000000ull

#define PAGE 4096u
#define AREA_BYTES (64u << 20)
#define REFILL_ENTRIES (AREA_BYTES / PAGE)
#define SUBMISSIONS 512u
#define COMPLETIONS 4096u
#define FLUSH_AFTER 64u

struct region_desc { uint64_t user_addr, size; uint32_t flags, id; uint64_t mmap_offset, resv[4]; };
struct zcrx_offsets { uint32_t head, tail, rqes, resv2; uint64_t resv[2]; };
struct zcrx_area { uint64_t addr, len, token; uint32_t flags, dmabuf_fd; uint64_t resv2[2]; };
struct zcrx_ifq {
    uint32_t if_idx, if_rxq, rq_entries, flags;
    uint64_t area_ptr, region_ptr;
    struct zcrx_offsets offsets;
    uint32_t zcrx_id, rx_buf_len;
    uint64_t event_desc, resv[2];
};
struct zcrx_ctrl { uint32_t zcrx_id, op; uint64_t resv[2]; uint64_t payload[6]; };
struct refill_entry { uint64_t off; uint32_t len, pad; };
struct big_cqe { uint64_t user_data; int32_t res; uint32_t flags; uint64_t off, pad; };

static uint64_t buffers, enters, flushes, rearms;

static int ring;
static unsigned *sq_tail, *sq_array, *cq_head, *cq_tail, sq_mask, cq_mask, pending;
static struct io_uring_sqe *sqes;
static struct big_cqe *cqes;
static struct zcrx_ifq ifq;
static unsigned char *area;
static uint64_t token;
static uint32_t *refill_tail, refill_mask;
static struct refill_entry *refill;

static void describe(char *text, size_t length)
{
    snprintf(text, length, "%llu buffers, %llu enters, %llu flushes, %llu re-arms",
        (unsigned long long)buffers, (unsigned long long)enters, (unsigned long long)flushes, (unsigned long long)rearms);
}

static void create_ring(void)
{
    struct io_uring_params params = { .flags = SETUP_CQSIZE | SETUP_CQE32 | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN, .cq_entries = COMPLETIONS };
    ring = (int)syscall(__NR_io_uring_setup, SUBMISSIONS, &params);
    if (ring < 0) fail("io_uring_setup");
    size_t sq_bytes = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    size_t cq_bytes = params.cq_off.cqes + params.cq_entries * sizeof(struct big_cqe);
    size_t bytes = sq_bytes > cq_bytes ? sq_bytes : cq_bytes;
    char *rings = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
    if (rings == MAP_FAILED) fail("mmap of the rings");
    sqes = mmap(NULL, params.sq_entries * sizeof *sqes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
    if (sqes == MAP_FAILED) fail("mmap of the entries");
    sq_tail = (unsigned *)(rings + params.sq_off.tail);
    sq_array = (unsigned *)(rings + params.sq_off.array);
    sq_mask = params.sq_entries - 1;
    cq_head = (unsigned *)(rings + params.cq_off.head);
    cq_tail = (unsigned *)(rings + params.cq_off.tail);
    cqes = (struct big_cqe *)(rings + params.cq_off.cqes);
    cq_mask = params.cq_entries - 1;
}

static void register_queue(void)
{
    size_t region_bytes = PAGE + REFILL_ENTRIES * sizeof(struct refill_entry);
    char *region = mmap(NULL, region_bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE | MAP_POPULATE, -1, 0);
    area = mmap(NULL, AREA_BYTES, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE | MAP_POPULATE, -1, 0);
    if (region == MAP_FAILED || area == MAP_FAILED) fail("mmap of the area");
    struct region_desc region_desc = { .user_addr = (uint64_t)(uintptr_t)region, .size = region_bytes, .flags = REGION_TYPE_USER };
    struct zcrx_area area_desc = { .addr = (uint64_t)(uintptr_t)area, .len = AREA_BYTES };
    ifq = (struct zcrx_ifq){ .flags = REG_NODEV, .rq_entries = REFILL_ENTRIES, .area_ptr = (uint64_t)(uintptr_t)&area_desc, .region_ptr = (uint64_t)(uintptr_t)&region_desc };
    if (syscall(__NR_io_uring_register, ring, REGISTER_ZCRX_IFQ, &ifq, 1) < 0) fail("IORING_REGISTER_ZCRX_IFQ");
    token = area_desc.token;
    refill_tail = (uint32_t *)(region + ifq.offsets.tail);
    refill = (struct refill_entry *)(region + ifq.offsets.rqes);
    refill_mask = ifq.rq_entries - 1;
}

static void arm(int index)
{
    unsigned tail = *sq_tail;
    struct io_uring_sqe *sqe = &sqes[tail & sq_mask];
    memset(sqe, 0, sizeof *sqe);
    sqe->opcode = OPCODE_RECV_ZC;
    sqe->ioprio = IORING_RECV_MULTISHOT;
    sqe->fd = connections[index].fd;
    sqe->file_index = ifq.zcrx_id;
    sqe->user_data = (uint64_t)index;
    sq_array[tail & sq_mask] = tail & sq_mask;
    // Release: the kernel reads the entry after it has seen the tail.
    atomic_store_explicit((_Atomic unsigned *)sq_tail, tail + 1, memory_order_release);
    pending++;
}

static void flush(void)
{
    struct zcrx_ctrl ctrl = { .zcrx_id = ifq.zcrx_id, .op = CTRL_FLUSH_RQ };
    if (syscall(__NR_io_uring_register, ring, REGISTER_ZCRX_CTRL, &ctrl, 0) < 0) fail("ZCRX_CTRL_FLUSH_RQ");
    flushes++;
}

// Returns whether the connection must be armed again.
static int handle(const struct big_cqe *cqe, uint32_t *tail)
{
    struct connection *connection = &connections[cqe->user_data];
    if (!(cqe->flags & IORING_CQE_F_MORE)) {
        if (cqe->res == -ENOMEM || cqe->res == -ENOSPC) return 1;
        if (cqe->res < 0) { fprintf(stderr, "receive: %s\n", strerror(-cqe->res)); exit(1); }
        return 0;
    }
    buffers++;
    uint64_t offset = cqe->off & ~AREA_MASK;
    count(connection, area + offset, cqe->res);
    // The ring has as many entries as the area has buffers, and each completion of a device-less queue has a buffer of its own.
    refill[*tail & refill_mask] = (struct refill_entry){ .off = offset | token };
    ++*tail;
    return 0;
}

static void receive(void)
{
    static uint64_t again[MAX_CONNECTIONS];
    uint32_t tail = *refill_tail;
    uint32_t flushed = tail;
    for (;;) {
        int submitted = (int)syscall(__NR_io_uring_enter, ring, pending, 1, IORING_ENTER_GETEVENTS, NULL, 0);
        if (submitted < 0 && errno != EINTR) fail("io_uring_enter");
        if (submitted > 0) pending -= (unsigned)submitted;
        enters++;
        int armed = 0;
        unsigned head = *cq_head;
        // Acquire: the completions are read after the tail that publishes them.
        unsigned end = atomic_load_explicit((_Atomic unsigned *)cq_tail, memory_order_acquire);
        for (; head != end; head++) {
            const struct big_cqe *cqe = &cqes[head & cq_mask];
            if (handle(cqe, &tail)) again[armed++] = cqe->user_data;
        }
        // Release: the kernel reuses the entries after they were read.
        atomic_store_explicit((_Atomic unsigned *)cq_head, head, memory_order_release);
        if (tail - flushed >= FLUSH_AFTER || (armed && tail != flushed)) {
            // Release: the kernel reads the entries after it has seen the tail.
            atomic_store_explicit((_Atomic uint32_t *)refill_tail, tail, memory_order_release);
            flush();
            flushed = tail;
        }
        for (int i = 0; i < armed; i++) { rearms++; arm((int)again[i]); }
    }
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    create_ring();
    register_queue();
    accept_all();
    for (int i = 0; i < connection_count; i++) arm(i);
    receive();
}

// The limit for the device-less engine: one thread, one ring, RECV_ZC multishot, a refill entry per completion.
//
// Usage: zcrx_loop CONNECTIONS BYTES WARM_UP touch|read
//
// The program speaks the protocol of the receivers of this benchmark: it prints `listening PORT`, receives BYTES in total,
// and prints one line of JSON with the resources that it used after WARM_UP bytes. Sizes of rings and area, and the number
// of entries after which it flushes, are the defaults of ZcrxQueueOptions. The kernel's headers of a distribution may be
// older than zcrx, so the structures are declared here.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

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
#define STALL_SECONDS 30
// Each connection needs one submission entry at the start.
#define MAX_CONNECTIONS 512

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

// One cache line of its own per connection, as in the .NET receivers.
struct connection { _Alignas(128) _Atomic uint64_t bytes; uint64_t sum; int fd; };

static struct connection connections[MAX_CONNECTIONS];
static int connection_count;
static uint64_t expected, warm_up;
static int read_all;
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

static void fail(const char *what) { perror(what); exit(1); }

static uint64_t total(void)
{
    uint64_t bytes = 0;
    for (int i = 0; i < connection_count; i++) bytes += atomic_load_explicit(&connections[i].bytes, memory_order_acquire);
    return bytes;
}

struct snapshot { uint64_t bytes; double user, system, wall; };

static struct snapshot take(void)
{
    struct rusage usage;
    struct timespec now;
    struct snapshot result = { .bytes = total() };
    getrusage(RUSAGE_SELF, &usage);
    clock_gettime(CLOCK_MONOTONIC, &now);
    result.user = usage.ru_utime.tv_sec + usage.ru_utime.tv_usec / 1e6;
    result.system = usage.ru_stime.tv_sec + usage.ru_stime.tv_usec / 1e6;
    result.wall = now.tv_sec + now.tv_nsec / 1e9;
    return result;
}

// Samples as often as the meter of the .NET receivers does, so that its cost is the same.
static void *measure(void *unused)
{
    (void)unused;
    struct snapshot warm = { 0 };
    int is_warm = 0;
    uint64_t last = 0;
    time_t last_change = time(NULL);
    for (;;) {
        uint64_t bytes = total();
        if (bytes != last) { last = bytes; last_change = time(NULL); }
        else if (time(NULL) - last_change > STALL_SECONDS) { fprintf(stderr, "zcrx_loop: no byte for %d s\n", STALL_SECONDS); exit(1); }
        if (!is_warm && bytes >= warm_up) { warm = take(); is_warm = 1; }
        if (bytes >= expected) break;
        nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
    }
    struct snapshot end = take();
    printf("{\"TotalBytes\":%llu,\"Bytes\":%llu,\"StartUpSeconds\":%f,\"UserSeconds\":%f,\"SystemSeconds\":%f,\"WallSeconds\":%f,\"AllocatedBytes\":0,\"Collections\":0,\"Sums\":[",
        (unsigned long long)end.bytes, (unsigned long long)(end.bytes - warm.bytes), warm.user + warm.system, end.user - warm.user, end.system - warm.system, end.wall - warm.wall);
    for (int i = 0; i < connection_count; i++) printf("%s%llu", i ? "," : "", (unsigned long long)connections[i].sum);
    printf("],\"Note\":\"%llu buffers, %llu enters, %llu flushes, %llu re-arms\"}\n",
        (unsigned long long)buffers, (unsigned long long)enters, (unsigned long long)flushes, (unsigned long long)rearms);
    fflush(stdout);
    exit(0);
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

// Sums 16 bytes at a time, as the .NET receivers do.
static uint64_t sum_of(const unsigned char *chunk, int length)
{
    typedef uint8_t bytes16 __attribute__((vector_size(16)));
    typedef uint16_t words8 __attribute__((vector_size(16)));
    uint64_t sum = 0;
    int i = 0;
    while (length - i >= 16) {
        words8 sums = { 0 };
        // A word has room for the sums of 256 vectors.
        for (int vectors = 0; vectors < 64 && length - i >= 16; vectors++, i += 16) {
            bytes16 part;
            memcpy(&part, chunk + i, 16);
            sums += (words8)part & 0xff;
            sums += (words8)part >> 8;
        }
        for (int lane = 0; lane < 8; lane++) sum += sums[lane];
    }
    for (; i < length; i++) sum += chunk[i];
    return sum;
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
    const unsigned char *chunk = area + offset;
    connection->sum += read_all ? sum_of(chunk, cqe->res) : chunk[0];
    // Release: the meter reads the sum after the bytes.
    atomic_store_explicit(&connection->bytes, atomic_load_explicit(&connection->bytes, memory_order_relaxed) + (unsigned)cqe->res, memory_order_release);
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
    if (argc != 5) { fprintf(stderr, "usage: zcrx_loop CONNECTIONS BYTES WARM_UP touch|read\n"); return 2; }
    connection_count = atoi(argv[1]);
    expected = strtoull(argv[2], NULL, 10);
    warm_up = strtoull(argv[3], NULL, 10);
    read_all = !strcmp(argv[4], "read");
    if (connection_count < 1 || connection_count > MAX_CONNECTIONS) { fprintf(stderr, "zcrx_loop: 1 to %d connections\n", MAX_CONNECTIONS); return 2; }
    create_ring();
    register_queue();
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 4096) || getsockname(listener, (struct sockaddr *)&address, &length)) fail("listen");
    printf("listening %d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (int i = 0; i < connection_count; i++) {
        connections[i].fd = accept(listener, NULL, NULL);
        if (connections[i].fd < 0) fail("accept");
    }
    pthread_t meter;
    if (pthread_create(&meter, NULL, measure, NULL)) fail("pthread_create");
    for (int i = 0; i < connection_count; i++) arm(i);
    receive();
}

// Shared by the C receivers of bulk traffic: the protocol of the receivers of this benchmark.
//
// Usage of each receiver: PROGRAM CONNECTIONS BYTES WARM_UP touch|read
//
// A receiver prints `listening PORT`, receives BYTES in total, and prints one line of JSON with the resources that it used
// after WARM_UP bytes.

#ifndef RECEIVER_H
#define RECEIVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STALL_SECONDS 30
#define MAX_CONNECTIONS 512

// Each connection has cache lines of its own, as in the .NET receivers.
struct connection { _Alignas(128) _Atomic uint64_t bytes; uint64_t sum; int fd; };

static struct connection connections[MAX_CONNECTIONS];
static int connection_count;
static uint64_t expected, warm_up;
static int read_all;

// Writes a note about the run into the text.
static void describe(char *text, size_t length);

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
        else if (time(NULL) - last_change > STALL_SECONDS) { fprintf(stderr, "no byte for %d s\n", STALL_SECONDS); exit(1); }
        if (!is_warm && bytes >= warm_up) { warm = take(); is_warm = 1; }
        if (bytes >= expected) break;
        nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
    }
    struct snapshot end = take();
    char note[256] = "";
    describe(note, sizeof note);
    printf("{\"TotalBytes\":%llu,\"Bytes\":%llu,\"StartUpSeconds\":%f,\"UserSeconds\":%f,\"SystemSeconds\":%f,\"WallSeconds\":%f,\"AllocatedBytes\":0,\"Collections\":0,\"Sums\":[",
        (unsigned long long)end.bytes, (unsigned long long)(end.bytes - warm.bytes), warm.user + warm.system, end.user - warm.user, end.system - warm.system, end.wall - warm.wall);
    for (int i = 0; i < connection_count; i++) printf("%s%llu", i ? "," : "", (unsigned long long)connections[i].sum);
    printf("],\"Note\":\"%s\"}\n", note);
    fflush(stdout);
    exit(0);
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
        // A word has room for the sums of 128 vectors.
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

static inline void count(struct connection *connection, const unsigned char *chunk, int length)
{
    connection->sum += read_all ? sum_of(chunk, length) : chunk[0];
    // Release: the meter reads the sum after the bytes.
    atomic_store_explicit(&connection->bytes, atomic_load_explicit(&connection->bytes, memory_order_relaxed) + (unsigned)length, memory_order_release);
}

static void parse(int argc, char **argv)
{
    if (argc != 5) { fprintf(stderr, "usage: %s CONNECTIONS BYTES WARM_UP touch|read\n", argv[0]); exit(2); }
    connection_count = atoi(argv[1]);
    expected = strtoull(argv[2], NULL, 10);
    warm_up = strtoull(argv[3], NULL, 10);
    read_all = !strcmp(argv[4], "read");
    if (connection_count < 1 || connection_count > MAX_CONNECTIONS) { fprintf(stderr, "%s: 1 to %d connections\n", argv[0], MAX_CONNECTIONS); exit(2); }
}

// Listens, accepts all connections and starts the meter.
static void accept_all(void)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
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
}

#endif

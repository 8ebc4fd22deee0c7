// The limit for the emulated engine: one thread, epoll, and reads that scatter into 64 buffers of 4 KiB.
//
// receiver.h describes the protocol. The buffers are the same for each read, so they stay in the cache.

#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "receiver.h"

#define BUFFER 4096
#define BUFFERS 64
#define EVENTS 512

static uint64_t buffers, reads, waits;

static void describe(char *text, size_t length)
{
    snprintf(text, length, "%llu buffers, %llu reads, %llu waits", (unsigned long long)buffers, (unsigned long long)reads, (unsigned long long)waits);
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    unsigned char *memory = mmap(NULL, BUFFER * BUFFERS, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) fail("mmap of the buffers");
    struct iovec vectors[BUFFERS];
    for (int i = 0; i < BUFFERS; i++) vectors[i] = (struct iovec){ memory + i * BUFFER, BUFFER };
    accept_all();
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) fail("epoll_create1");
    for (int i = 0; i < connection_count; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)i };
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event)) fail("epoll_ctl");
    }
    struct epoll_event events[EVENTS];
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        if (ready < 0 && errno != EINTR) fail("epoll_wait");
        waits++;
        for (int i = 0; i < ready; i++) {
            struct connection *connection = &connections[events[i].data.u32];
            // epoll has reported bytes or the end, so the read does not block.
            ssize_t received = readv(connection->fd, vectors, BUFFERS);
            if (received < 0) fail("readv");
            if (received == 0) { epoll_ctl(epoll, EPOLL_CTL_DEL, connection->fd, NULL); continue; }
            reads++;
            for (ssize_t offset = 0; offset < received; offset += BUFFER) {
                count(connection, memory + offset, (int)(received - offset < BUFFER ? received - offset : BUFFER));
                buffers++;
            }
        }
    }
}

// Shared by the C servers and the client of small messages. A request is 128 bytes. Its reply is its first 32 bytes.

#ifndef MESSAGES_H
#define MESSAGES_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST 128u
#define REPLY 32u

// The part of a request that has arrived.
struct exchange { unsigned received; unsigned char head[REPLY]; };

static void fail(const char *what) { perror(what); exit(1); }

// Returns the maximum length of the replies that this number of bytes can cause.
static inline size_t replies_to(size_t length) { return (length / REQUEST + 1) * REPLY; }

// Writes a reply for each request that the bytes complete. Returns the length of the replies.
static inline size_t answer(struct exchange *exchange, const unsigned char *bytes, size_t length, unsigned char *replies)
{
    size_t written = 0;
    while (length > 0) {
        unsigned missing = REQUEST - exchange->received;
        unsigned taken = length < missing ? (unsigned)length : missing;
        if (exchange->received < REPLY) {
            unsigned room = REPLY - exchange->received;
            memcpy(exchange->head + exchange->received, bytes, taken < room ? taken : room);
        }
        exchange->received += taken;
        bytes += taken;
        length -= taken;
        if (exchange->received == REQUEST) {
            memcpy(replies + written, exchange->head, REPLY);
            written += REPLY;
            exchange->received = 0;
        }
    }
    return written;
}

// Raises the limit to its maximum, because each connection needs a descriptor.
static inline void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) fail("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit)) fail("setrlimit");
}

static inline int listen_on_loopback(int flags)
{
    raise_descriptor_limit();
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 4096) || getsockname(listener, (struct sockaddr *)&address, &length)) fail("listen");
    printf("listening %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

#endif

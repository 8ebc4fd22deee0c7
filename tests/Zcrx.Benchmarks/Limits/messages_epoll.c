// The limit for small messages over epoll: one thread, a read and a send for each message.

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>

#include "messages.h"

#define EVENTS 512
#define READ 4096

static struct exchange *exchanges;
static int exchange_count;

static struct exchange *exchange_of(int fd)
{
    if (fd >= exchange_count) {
        int count = fd * 2;
        exchanges = realloc(exchanges, (size_t)count * sizeof *exchanges);
        if (!exchanges) fail("realloc");
        memset(exchanges + exchange_count, 0, (size_t)(count - exchange_count) * sizeof *exchanges);
        exchange_count = count;
    }
    return &exchanges[fd];
}

static void send_all(int fd, const unsigned char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        // The peer reads all replies, so a full socket soon has room again.
        if (sent < 0 && errno == EAGAIN) { poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1); continue; }
        // The read notices the end of a broken connection.
        if (sent < 0) return;
        bytes += sent;
        length -= (size_t)sent;
    }
}

int main(void)
{
    int listener = listen_on_loopback(SOCK_NONBLOCK);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) fail("epoll_create1");
    struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event)) fail("epoll_ctl");
    struct epoll_event events[EVENTS];
    unsigned char bytes[READ], replies[(READ / REQUEST + 1) * REPLY];
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        if (ready < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
                if (accepted < 0) { if (errno == EAGAIN || errno == ECONNABORTED) continue; fail("accept"); }
                setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
                *exchange_of(accepted) = (struct exchange){ 0 };
                event = (struct epoll_event){ .events = EPOLLIN, .data.fd = accepted };
                if (epoll_ctl(epoll, EPOLL_CTL_ADD, accepted, &event)) fail("epoll_ctl");
                continue;
            }
            ssize_t received = recv(fd, bytes, sizeof bytes, 0);
            if (received < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            if (received <= 0) { close(fd); continue; }
            send_all(fd, replies, answer(exchange_of(fd), bytes, (size_t)received, replies));
        }
    }
}

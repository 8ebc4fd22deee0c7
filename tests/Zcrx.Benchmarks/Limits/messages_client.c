// The client of small messages: one thread over epoll, the same for every server.
//
// Usage: messages_client PORT PID CONNECTIONS BUSY WARM_UP_MS WARM_UP_MESSAGES MEASURE_MS RATE
//
// It connects, exchanges one message on each connection, and prints `connected`. After a line on its standard input it loads
// the first BUSY connections, and prints one line of JSON. It ends when its standard input ends.
//
// With RATE 0, each connection sends its next request when the reply has arrived (closed loop). Otherwise RATE requests per second
// are due at fixed times, on the connections in turn, regardless of the server (open loop). Latency counts from the time at which
// a request was due, even if it was sent later. The CPU time is that of the server, process PID, during the measurement. The warm-up
// has at least WARM_UP_MESSAGES messages, because a runtime compiles hot code by the number of calls.

#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>

#include "messages.h"

#define EVENTS 512
#define DRAIN_NS 5000000000ll
// Each power of two has this many steps, so a percentile is off by less than 1 %.
#define STEP_BITS 7
#define STEPS (1u << STEP_BITS)

// A queue of due times. Requests from `replied` to `sent` wait for their reply. Requests from `sent` to `end` wait to be sent.
struct connection {
    int fd;
    unsigned partly_sent, partly_received, capacity;
    uint64_t replied, sent, end;
    int64_t *due;
    int is_blocked;
    unsigned char reply[REPLY];
};

static struct connection *connections;
static uint32_t connection_count, busy;
static int epoll, is_closed_loop, is_over;
static int64_t measure_from, measure_until;
static uint64_t histogram[64 * STEPS], samples, late, replies;
static int64_t longest;

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static double cpu_of(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time)) fail("reading the CPU time of the server");
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static unsigned step_of(uint64_t value)
{
    if (value < STEPS) return (unsigned)value;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - STEP_BITS;
    return (shift + 1) * STEPS + (unsigned)(value >> shift) - STEPS;
}

static double value_of(unsigned step)
{
    unsigned power = step / STEPS;
    return power == 0 ? step : ((double)(step % STEPS + STEPS) + 0.5) * (double)(1ull << (power - 1));
}

static double percentile(double part)
{
    uint64_t wanted = (uint64_t)(part * (double)samples), seen = 0;
    for (unsigned step = 0; step < 64 * STEPS; step++) {
        seen += histogram[step];
        if (seen > wanted) return value_of(step) / 1000;
    }
    return (double)longest / 1000;
}

static void record(int64_t latency)
{
    histogram[step_of((uint64_t)latency)]++;
    samples++;
    if (latency > longest) longest = latency;
}

static void fill(unsigned char *request, uint32_t index, uint64_t number)
{
    memset(request, 0, REQUEST);
    memcpy(request, &number, sizeof number);
    memcpy(request + sizeof number, &index, sizeof index);
}

static void watch(struct connection *connection, int is_blocked)
{
    if (connection->is_blocked == is_blocked) return;
    connection->is_blocked = is_blocked;
    struct epoll_event event = { .events = is_blocked ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.u32 = (uint32_t)(connection - connections) };
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, connection->fd, &event)) fail("epoll_ctl");
}

static void send_due(struct connection *connection)
{
    while (connection->sent < connection->end) {
        unsigned char request[REQUEST];
        fill(request, (uint32_t)(connection - connections), connection->sent);
        ssize_t sent = send(connection->fd, request + connection->partly_sent, REQUEST - connection->partly_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) { watch(connection, 1); return; }
        if (sent < 0) fail("send");
        connection->partly_sent += (unsigned)sent;
        if (connection->partly_sent == REQUEST) { connection->partly_sent = 0; connection->sent++; }
    }
    watch(connection, 0);
}

static void add(struct connection *connection, int64_t due)
{
    if (connection->end - connection->replied == connection->capacity) {
        unsigned capacity = connection->capacity ? connection->capacity * 2 : 4;
        int64_t *times = malloc(capacity * sizeof *times);
        if (!times) fail("malloc");
        for (uint64_t i = connection->replied; i < connection->end; i++) times[i % capacity] = connection->due[i % connection->capacity];
        free(connection->due);
        connection->due = times;
        connection->capacity = capacity;
    }
    connection->due[connection->end++ % connection->capacity] = due;
}

static void on_reply(struct connection *connection, int64_t time)
{
    unsigned char wanted[REQUEST];
    fill(wanted, (uint32_t)(connection - connections), connection->replied);
    if (connection->replied == connection->sent || memcmp(wanted, connection->reply, REPLY)) { fprintf(stderr, "messages_client: a wrong reply\n"); exit(1); }
    replies++;
    int64_t due = connection->due[connection->replied++ % connection->capacity];
    if (is_closed_loop) {
        if (time >= measure_from && time < measure_until) record(time - due);
        if (!is_over) { add(connection, time); send_due(connection); }
    }
    else if (due >= measure_from && due < measure_until) record(time - due);
}

static void receive(struct connection *connection)
{
    unsigned char bytes[4096];
    ssize_t received = recv(connection->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (received < 0 && errno == EAGAIN) return;
    if (received <= 0) { fprintf(stderr, "messages_client: the server has closed a connection\n"); exit(1); }
    int64_t time = now();
    for (ssize_t i = 0; i < received;) {
        unsigned missing = REPLY - connection->partly_received;
        unsigned taken = received - i < (ssize_t)missing ? (unsigned)(received - i) : missing;
        memcpy(connection->reply + connection->partly_received, bytes + i, taken);
        i += taken;
        connection->partly_received += taken;
        if (connection->partly_received == REPLY) { connection->partly_received = 0; on_reply(connection, time); }
    }
}

static void poll_until(int64_t until)
{
    struct epoll_event events[EVENTS];
    int64_t left = until - now();
    if (left < 0) left = 0;
    int ready = epoll_pwait2(epoll, events, EVENTS, &(struct timespec){ .tv_sec = left / 1000000000, .tv_nsec = left % 1000000000 }, NULL);
    if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
    for (int i = 0; i < ready; i++) {
        struct connection *connection = &connections[events[i].data.u32];
        if (events[i].events & EPOLLOUT) send_due(connection);
        if (events[i].events & ~EPOLLOUT) receive(connection);
    }
}

static void connect_all(int port)
{
    for (uint32_t i = 0; i < connection_count; i++) {
        struct connection *connection = &connections[i];
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
        setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
        // Sends one message, so that the server allocates everything that a connection needs.
        add(connection, now());
        send_due(connection);
        if (recv(connection->fd, connection->reply, REPLY, MSG_WAITALL) != REPLY) fail("recv");
        on_reply(connection, now());
        struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };
        if (i < busy && epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event)) fail("epoll_ctl");
    }
}

static uint64_t outstanding(void)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < busy; i++) count += connections[i].end - connections[i].replied;
    return count;
}

int main(int argc, char **argv)
{
    if (argc != 9) { fprintf(stderr, "usage: messages_client PORT PID CONNECTIONS BUSY WARM_UP_MS WARM_UP_MESSAGES MEASURE_MS RATE\n"); return 2; }
    connection_count = (uint32_t)atoi(argv[3]);
    busy = (uint32_t)atoi(argv[4]);
    uint64_t warm_up_messages = strtoull(argv[6], NULL, 10);
    double rate = atof(argv[8]);
    clockid_t server;
    if ((errno = clock_getcpuclockid(atoi(argv[2]), &server))) fail("clock_getcpuclockid");
    raise_descriptor_limit();
    // Without this, the kernel delays each timer by up to 50 us.
    prctl(PR_SET_TIMERSLACK, 1ul);
    connections = calloc(connection_count, sizeof *connections);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!connections || epoll < 0) fail("set-up");
    is_over = 1;
    measure_from = measure_until = INT64_MAX;
    connect_all(atoi(argv[1]));
    printf("connected\n");
    fflush(stdout);
    if (getchar() == EOF) return 0;

    is_over = 0;
    is_closed_loop = rate == 0;
    replies = 0;
    int64_t start = now();
    int64_t warm_at = start + atoll(argv[5]) * 1000000;
    double cpu_from = -1;
    uint64_t issued = 0;
    for (uint32_t i = 0; is_closed_loop && i < busy; i++) { add(&connections[i], now()); send_due(&connections[i]); }
    for (int64_t time = now(); time < measure_until; time = now()) {
        if (cpu_from < 0 && time >= warm_at && replies >= warm_up_messages) {
            cpu_from = cpu_of(server);
            measure_from = time;
            measure_until = time + atoll(argv[7]) * 1000000;
        }
        int64_t next = cpu_from < 0 && time < warm_at ? warm_at : measure_until;
        if (!is_closed_loop) {
            int64_t due;
            while ((due = start + (int64_t)((double)issued * 1e9 / rate)) <= time) {
                struct connection *connection = &connections[issued++ % busy];
                add(connection, due);
                send_due(connection);
            }
            if (due < next) next = due;
        }
        poll_until(next);
    }
    double cpu_until = cpu_of(server);
    double seconds = (double)(now() - measure_from) / 1e9;
    is_over = 1;
    int64_t give_up = now() + DRAIN_NS;
    while (outstanding() > 0 && now() < give_up) poll_until(give_up);
    // A request without a reply counts with the time that it has waited.
    for (uint32_t i = 0; !is_closed_loop && i < busy; i++) {
        struct connection *connection = &connections[i];
        for (uint64_t k = connection->replied; k < connection->end; k++) {
            int64_t due = connection->due[k % connection->capacity];
            if (due >= measure_from && due < measure_until) { record(now() - due); late++; }
        }
    }
    printf("{\"Messages\":%llu,\"Seconds\":%f,\"CpuSeconds\":%f,\"StartUpCpuSeconds\":%f,\"Median\":%.2f,\"P90\":%.2f,\"P99\":%.2f,\"P999\":%.2f,\"Longest\":%.2f,\"Unanswered\":%llu}\n",
        (unsigned long long)samples, seconds, cpu_until - cpu_from, cpu_from, percentile(0.5), percentile(0.9), percentile(0.99), percentile(0.999), (double)longest / 1000, (unsigned long long)late);
    fflush(stdout);
    while (getchar() != EOF) {}
    return 0;
}

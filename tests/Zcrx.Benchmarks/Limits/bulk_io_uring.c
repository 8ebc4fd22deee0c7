// The limit for the io_uring engine: one thread, one ring, RECV multishot into provided buffers of 4 KiB, with bundles where
// the kernel has them (Linux 6.10).
//
// receiver.h describes the protocol. The buffers have 64 MiB in total, like the area of a queue.

#define _GNU_SOURCE
#include "receiver.h"
#include "ring.h"

#define BUFFER 4096u
#define BUFFERS 16384u

static uint64_t buffers, enters, rearms;

static void describe(char *text, size_t length)
{
    snprintf(text, length, "%llu buffers, %llu enters, %llu re-arms, %s bundles",
        (unsigned long long)buffers, (unsigned long long)enters, (unsigned long long)rearms, ring_features & FEATURE_BUNDLES ? "with" : "without");
}

static void arm(uint64_t index)
{
    receive_multishot(connections[index].fd, ring_features & FEATURE_BUNDLES ? RECV_BUNDLE : 0, index);
}

static void handle(const struct io_uring_cqe *cqe)
{
    if (cqe->res > 0) {
        // Buffers are provided again in the order in which the kernel has used them, so the ids of a bundle are consecutive.
        unsigned id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
        for (int left = cqe->res; left > 0; left -= (int)BUFFER, id++) {
            count(&connections[cqe->user_data], buffer_at(id), left < (int)BUFFER ? left : (int)BUFFER);
            provide(id);
            buffers++;
        }
        publish_provided();
    }
    else if (cqe->res == 0) return;
    else if (cqe->res != -ENOBUFS) { fprintf(stderr, "receive: %s\n", strerror(-cqe->res)); exit(1); }
    if (!(cqe->flags & IORING_CQE_F_MORE)) { rearms++; arm(cqe->user_data); }
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    ring_create(MAX_CONNECTIONS, 4096);
    provide_all(BUFFERS, BUFFER);
    accept_all();
    for (int i = 0; i < connection_count; i++) arm((uint64_t)i);
    for (;;) {
        ring_enter(1);
        enters++;
        unsigned head = *cq_head;
        // Acquire: the completions are read after the tail that publishes them.
        unsigned end = atomic_load_explicit((_Atomic unsigned *)cq_tail, memory_order_acquire);
        for (; head != end; head++) handle(&cqes[head & cq_mask]);
        // Release: the kernel reuses the entries after they were read.
        atomic_store_explicit((_Atomic unsigned *)cq_head, head, memory_order_release);
    }
}

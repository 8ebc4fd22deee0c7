// SPDX-License-Identifier: GPL-2.0
/*
 * Implements RX queues: their memory, and receiving packets into it.
 *
 * The NAPI of a queue is permanent. Only the page pool is replaced when a
 * memory provider is added or removed.
 */
#include <linux/etherdevice.h>
#include <linux/io.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/page_pool/helpers.h>

#include "testnic.h"

static int testnic_queue_mem_alloc(struct net_device *dev,
				   struct netdev_queue_config *qcfg,
				   void *per_queue_mem, int idx)
{
	struct testnic_queue_mem *mem = per_queue_mem;
	u32 size = qcfg->rx_page_size ?: PAGE_SIZE;
	/* The pool is connected to the NAPI only when the queue starts. A pool
	 * of a queue that was never started must not refer to a NAPI.
	 */
	const struct page_pool_params params = {
		.order		= get_order(size),
		.pool_size	= 256,
		.nid		= NUMA_NO_NODE,
		.dev		= dev->dev.parent,
		.netdev		= dev,
		.queue_idx	= idx,
		.dma_dir	= DMA_FROM_DEVICE,
		.max_len	= size,
		.flags		= PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV |
				  PP_FLAG_ALLOW_UNREADABLE_NETMEM,
	};

	mem->pool = page_pool_create(&params);
	if (IS_ERR(mem->pool))
		return PTR_ERR(mem->pool);
	mem->buffer_size = size;
	return 0;
}

static void testnic_queue_mem_free(struct net_device *dev, void *per_queue_mem)
{
	struct testnic_queue_mem *mem = per_queue_mem;

	page_pool_destroy(mem->pool);
}

static int testnic_queue_start(struct net_device *dev,
			       struct netdev_queue_config *qcfg,
			       void *per_queue_mem, int idx)
{
	struct testnic_port *port = netdev_priv(dev);
	struct testnic_queue *queue = &port->queues[idx];

	queue->mem = *(struct testnic_queue_mem *)per_queue_mem;
	netif_queue_set_napi(dev, idx, NETDEV_QUEUE_TYPE_RX, &queue->napi);
	page_pool_enable_direct_recycling(queue->mem.pool, &queue->napi);
	napi_enable_locked(&queue->napi);

	/* Packets may have arrived while the NAPI was disabled. */
	local_bh_disable();
	napi_schedule(&queue->napi);
	local_bh_enable();
	return 0;
}

static int testnic_queue_stop(struct net_device *dev, void *per_queue_mem,
			      int idx)
{
	struct testnic_port *port = netdev_priv(dev);
	struct testnic_queue *queue = &port->queues[idx];

	napi_disable_locked(&queue->napi);
	page_pool_disable_direct_recycling(queue->mem.pool);
	netif_queue_set_napi(dev, idx, NETDEV_QUEUE_TYPE_RX, NULL);
	*(struct testnic_queue_mem *)per_queue_mem = queue->mem;
	queue->mem.pool = NULL;
	return 0;
}

static void testnic_default_qcfg(struct net_device *dev,
				 struct netdev_queue_config *qcfg)
{
	qcfg->rx_page_size = PAGE_SIZE;
}

static int testnic_validate_qcfg(struct net_device *dev,
				 struct netdev_queue_config *qcfg,
				 struct netlink_ext_ack *extack)
{
	if (is_power_of_2(qcfg->rx_page_size) &&
	    qcfg->rx_page_size >= PAGE_SIZE &&
	    qcfg->rx_page_size <= TESTNIC_MAX_BUFFER)
		return 0;
	NL_SET_ERR_MSG_MOD(extack, "buffers are a page to 64 KiB, a power of two");
	return -ERANGE;
}

#define TESTNIC_QUEUE_OPS					\
	.ndo_queue_mem_size	= sizeof(struct testnic_queue_mem), \
	.ndo_queue_mem_alloc	= testnic_queue_mem_alloc,	\
	.ndo_queue_mem_free	= testnic_queue_mem_free,	\
	.ndo_queue_start	= testnic_queue_start,		\
	.ndo_queue_stop		= testnic_queue_stop

const struct netdev_queue_mgmt_ops testnic_queue_ops = {
	TESTNIC_QUEUE_OPS,
	.ndo_default_qcfg	= testnic_default_qcfg,
	.ndo_validate_qcfg	= testnic_validate_qcfg,
	.supported_params	= QCFG_RX_PAGE_SIZE,
};

/* The operations of a NIC that supports only buffers of one page. */
const struct netdev_queue_mgmt_ops testnic_page_queue_ops = {
	TESTNIC_QUEUE_OPS,
};

/* Allocates a buffer, or a part of a buffer if several packets may share it. */
static netmem_ref testnic_take_buffer(struct testnic_queue *queue,
				      unsigned int *offset, unsigned int *size)
{
	struct page_pool *pool = queue->mem.pool;

	if (READ_ONCE(testnic_pack))
		return page_pool_dev_alloc_netmem(pool, offset, size);
	*offset = 0;
	*size = queue->mem.buffer_size;
	return page_pool_dev_alloc_netmems(pool);
}

/* Writes like DMA. Without an IOMMU the DMA address is the physical address. */
static void testnic_write(struct page_pool *pool, netmem_ref netmem,
			  unsigned int offset, const struct sk_buff *from,
			  unsigned int position, unsigned int len)
{
	dma_addr_t address = page_pool_get_dma_addr_netmem(netmem);

	skb_copy_bits(from, position, phys_to_virt(address + offset), len);
	page_pool_dma_sync_netmem_for_cpu(pool, netmem, offset, len);
}

static void testnic_count_frag(struct testnic_queue *queue, netmem_ref netmem,
			       unsigned int len)
{
	if (netmem_is_net_iov(netmem)) {
		queue->counters.zero_copy_frags++;
		queue->counters.zero_copy_bytes += len;
	} else {
		queue->counters.page_frags++;
	}
}

/* Copies payload into buffers of the pool. Returns false if the pool is empty. */
static bool testnic_add_payload(struct testnic_queue *queue,
				struct sk_buff *skb, const struct sk_buff *sent,
				unsigned int position)
{
	while (position < sent->len) {
		unsigned int len = min(sent->len - position,
				       queue->mem.buffer_size);
		unsigned int offset, size = len;
		netmem_ref netmem;

		netmem = testnic_take_buffer(queue, &offset, &size);
		if (!netmem)
			return false;
		testnic_write(queue->mem.pool, netmem, offset, sent, position,
			      len);
		skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags, netmem,
				       offset, len, size);
		testnic_count_frag(queue, netmem, len);
		position += len;
	}
	return true;
}

/* Returns the length of the headers if the packet is TCP and must be split,
 * otherwise the length of the packet.
 */
static unsigned int testnic_linear_part(struct net_device *dev,
					const struct sk_buff *sent)
{
	unsigned int headers;

	if (dev->cfg->hds_config != ETHTOOL_TCP_DATA_SPLIT_ENABLED ||
	    !skb_transport_header_was_set(sent))
		return sent->len;
	if (!(sent->protocol == htons(ETH_P_IP) &&
	      ip_hdr(sent)->protocol == IPPROTO_TCP) &&
	    !(sent->protocol == htons(ETH_P_IPV6) &&
	      ipv6_hdr(sent)->nexthdr == IPPROTO_TCP))
		return sent->len;

	headers = eth_get_headlen(dev, sent->data, skb_headlen(sent));
	return sent->len - headers > dev->cfg->hds_thresh ? headers : sent->len;
}

static void testnic_receive(struct testnic_queue *queue,
			    const struct sk_buff *sent)
{
	struct net_device *dev = queue->port->dev;
	unsigned int linear = testnic_linear_part(dev, sent);
	struct sk_buff *skb;

	skb = napi_alloc_skb(&queue->napi, linear);
	if (!skb)
		goto no_buffer;
	skb_mark_for_recycle(skb);
	skb_copy_bits(sent, 0, skb_put(skb, linear), linear);
	if (!testnic_add_payload(queue, skb, sent, linear))
		goto no_buffer;

	queue->counters.packets++;
	queue->counters.bytes += skb->len;
	dev_sw_netstats_rx_add(dev, skb->len);
	skb->protocol = eth_type_trans(skb, dev);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb_record_rx_queue(skb, queue->index);
	napi_gro_receive(&queue->napi, skb);
	return;

no_buffer:
	/* As on hardware, the packet is dropped, and TCP retransmits it. */
	queue->counters.no_buffer++;
	dev_core_stats_rx_dropped_inc(dev);
	if (skb)
		napi_consume_skb(skb, 1);
}

static int testnic_poll(struct napi_struct *napi, int budget)
{
	struct testnic_queue *queue = container_of(napi, struct testnic_queue,
						   napi);
	struct sk_buff *sent;
	int done = 0;

	while (done < budget) {
		sent = skb_dequeue(&queue->backlog);
		if (!sent)
			break;
		testnic_receive(queue, sent);
		napi_consume_skb(sent, budget);
		done++;
	}

	if (done < budget && napi_complete_done(napi, done) &&
	    !skb_queue_empty_lockless(&queue->backlog))
		napi_schedule(napi);
	return done;
}

/* Queues a packet. Called from the transmit path of the other port. */
bool testnic_queue_park(struct testnic_queue *queue, struct sk_buff *skb)
{
	bool parked = false;
	unsigned long flags;

	spin_lock_irqsave(&queue->backlog.lock, flags);
	if (queue->open) {
		parked = skb_queue_len(&queue->backlog) <
			 READ_ONCE(testnic_depth);
		if (parked)
			__skb_queue_tail(&queue->backlog, skb);
		else
			queue->counters.overflow++;
	}
	spin_unlock_irqrestore(&queue->backlog.lock, flags);

	if (parked)
		napi_schedule(&queue->napi);
	return parked;
}

static void testnic_queue_set_open(struct testnic_queue *queue, bool open)
{
	spin_lock_irq(&queue->backlog.lock);
	queue->open = open;
	spin_unlock_irq(&queue->backlog.lock);
}

int testnic_queue_open(struct testnic_queue *queue)
{
	struct net_device *dev = queue->port->dev;
	struct netdev_queue_config qcfg;
	struct testnic_queue_mem mem;
	int err;

	/* The configuration may contain settings of a provider that was added while
	 * the port was down.
	 */
	netdev_queue_config(dev, queue->index, &qcfg);
	err = testnic_queue_mem_alloc(dev, &qcfg, &mem, queue->index);
	if (err)
		return err;
	testnic_queue_set_open(queue, true);
	netif_queue_set_napi(dev, queue->index, NETDEV_QUEUE_TYPE_TX,
			     &queue->napi);
	return testnic_queue_start(dev, &qcfg, &mem, queue->index);
}

void testnic_queue_close(struct testnic_queue *queue)
{
	struct net_device *dev = queue->port->dev;
	struct testnic_queue_mem mem;

	testnic_queue_set_open(queue, false);
	testnic_queue_stop(dev, &mem, queue->index);
	netif_queue_set_napi(dev, queue->index, NETDEV_QUEUE_TYPE_TX, NULL);
	skb_queue_purge(&queue->backlog);
	testnic_queue_mem_free(dev, &mem);
}

void testnic_queue_init(struct testnic_port *port, unsigned int index)
{
	struct testnic_queue *queue = &port->queues[index];

	queue->port = port;
	queue->index = index;
	skb_queue_head_init(&queue->backlog);
	netif_napi_add_config(port->dev, &queue->napi, testnic_poll, index);
}

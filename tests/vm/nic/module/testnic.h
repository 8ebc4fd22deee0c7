/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A virtual NIC for tests of zero-copy receive: two connected ports, with RX
 * queues that accept a memory provider. ../README.md describes what it imitates
 * and what it does not.
 */
#ifndef ZCRX_TESTNIC_H
#define ZCRX_TESTNIC_H

#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/netdev_queues.h>

#define TESTNIC_MAX_QUEUES	16
#define TESTNIC_RSS_ENTRIES	128
#define TESTNIC_RSS_KEY		40
#define TESTNIC_RULES		64
#define TESTNIC_MAX_MTU		9216
#define TESTNIC_MAX_BUFFER	SZ_64K

/* The NAPI of the queue writes the counters, except @overflow, which is written
 * under the lock of the backlog.
 */
struct testnic_counters {
	u64 packets;
	u64 bytes;
	u64 zero_copy_frags;	/* payload in the memory of a provider */
	u64 zero_copy_bytes;
	u64 page_frags;		/* payload in ordinary pages */
	u64 no_buffer;		/* packets dropped because the pool was empty */
	u64 overflow;		/* packets dropped because too many were waiting */
};

/* The memory of a queue. It is replaced when a provider is added or removed. */
struct testnic_queue_mem {
	struct page_pool *pool;
	u32 buffer_size;
};

struct testnic_queue {
	struct napi_struct napi;
	struct testnic_port *port;
	unsigned int index;
	struct testnic_queue_mem mem;
	/* Packets that were sent but not received yet. Its lock also protects @open. */
	struct sk_buff_head backlog;
	bool open;
	struct testnic_counters counters;
};

struct testnic_rules {
	struct rcu_head rcu;
	unsigned int count;
	/* Sorted by location. The first matching rule applies. */
	struct ethtool_rx_flow_spec specs[] __counted_by(count);
};

struct testnic_port {
	struct net_device *dev;
	struct testnic_port *peer;
	u32 rss_table[TESTNIC_RSS_ENTRIES];
	u8 rss_key[TESTNIC_RSS_KEY];
	/* Replaced as a whole under the instance lock. */
	struct testnic_rules __rcu *rules;
	struct testnic_queue queues[TESTNIC_MAX_QUEUES];
};

/* main.c: module parameters */
extern unsigned int testnic_depth;
extern bool testnic_pack;

/* queue.c */
extern const struct netdev_queue_mgmt_ops testnic_queue_ops;
extern const struct netdev_queue_mgmt_ops testnic_page_queue_ops;
void testnic_queue_init(struct testnic_port *port, unsigned int index);
int testnic_queue_open(struct testnic_queue *queue);
void testnic_queue_close(struct testnic_queue *queue);
bool testnic_queue_park(struct testnic_queue *queue, struct sk_buff *skb);

/* steering.c */
void testnic_steering_init(struct testnic_port *port);
void testnic_steering_free(struct testnic_port *port);
struct testnic_queue *testnic_queue_of(struct testnic_port *port,
				       const struct sk_buff *skb);
int testnic_get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info,
		      u32 *locations);
int testnic_set_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info);
u32 testnic_rxfh_size(struct net_device *dev);
u32 testnic_rxfh_key_size(struct net_device *dev);
int testnic_get_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh);
int testnic_set_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh,
		     struct netlink_ext_ack *extack);

/* ethtool.c */
extern const struct ethtool_ops testnic_ethtool_ops;

#endif

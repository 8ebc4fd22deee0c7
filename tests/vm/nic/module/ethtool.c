// SPDX-License-Identifier: GPL-2.0
/* Implements the ethtool operations: rings, split, channels, steering, counters. */
#include <linux/module.h>

#include "testnic.h"

static const struct {
	const char *name;
	size_t offset;
} testnic_counter_names[] = {
#define COUNTER(name) { #name, offsetof(struct testnic_counters, name) }
	COUNTER(packets),
	COUNTER(bytes),
	COUNTER(zero_copy_frags),
	COUNTER(zero_copy_bytes),
	COUNTER(page_frags),
	COUNTER(no_buffer),
	COUNTER(overflow),
#undef COUNTER
};

static void testnic_get_drvinfo(struct net_device *dev,
				struct ethtool_drvinfo *info)
{
	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
}

/* The core stores the setting of the split. The data path reads it there. */
static void testnic_get_ringparam(struct net_device *dev,
				  struct ethtool_ringparam *ring,
				  struct kernel_ethtool_ringparam *kernel_ring,
				  struct netlink_ext_ack *extack)
{
	ring->rx_max_pending = ring->rx_pending = READ_ONCE(testnic_depth);
	ring->tx_max_pending = ring->tx_pending = READ_ONCE(testnic_depth);
	kernel_ring->tcp_data_split = dev->cfg->hds_config;
	kernel_ring->hds_thresh = dev->cfg->hds_thresh;
	kernel_ring->hds_thresh_max = TESTNIC_MAX_MTU;
}

static int testnic_set_ringparam(struct net_device *dev,
				 struct ethtool_ringparam *ring,
				 struct kernel_ethtool_ringparam *kernel_ring,
				 struct netlink_ext_ack *extack)
{
	u32 depth = READ_ONCE(testnic_depth);

	if (ring->rx_pending != depth || ring->tx_pending != depth) {
		NL_SET_ERR_MSG_MOD(extack, "the depth is a parameter of the module");
		return -EOPNOTSUPP;
	}
	return 0;
}

static void testnic_get_channels(struct net_device *dev,
				 struct ethtool_channels *channels)
{
	channels->max_combined = dev->num_rx_queues;
	channels->combined_count = dev->real_num_rx_queues;
}

static u32 testnic_get_rx_ring_count(struct net_device *dev)
{
	return dev->real_num_rx_queues;
}

static int testnic_get_sset_count(struct net_device *dev, int set)
{
	if (set != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return dev->real_num_rx_queues * ARRAY_SIZE(testnic_counter_names);
}

static void testnic_get_strings(struct net_device *dev, u32 set, u8 *data)
{
	unsigned int queue, i;

	if (set != ETH_SS_STATS)
		return;
	for (queue = 0; queue < dev->real_num_rx_queues; queue++) {
		for (i = 0; i < ARRAY_SIZE(testnic_counter_names); i++)
			ethtool_sprintf(&data, "rx%u_%s", queue,
					testnic_counter_names[i].name);
	}
}

static void testnic_get_ethtool_stats(struct net_device *dev,
				      struct ethtool_stats *stats, u64 *data)
{
	struct testnic_port *port = netdev_priv(dev);
	unsigned int queue, i;

	for (queue = 0; queue < dev->real_num_rx_queues; queue++) {
		const void *base = &port->queues[queue].counters;

		for (i = 0; i < ARRAY_SIZE(testnic_counter_names); i++)
			*data++ = READ_ONCE(*(const u64 *)(base +
					    testnic_counter_names[i].offset));
	}
}

/*
 * ethtool_op_get_link() is unsuitable: it also runs pending link events, whose
 * notifiers need the RTNL. The core calls this device without the RTNL, because
 * the device has an instance lock.
 */
static u32 testnic_get_link(struct net_device *dev)
{
	return netif_carrier_ok(dev);
}

const struct ethtool_ops testnic_ethtool_ops = {
	.supported_ring_params	= ETHTOOL_RING_USE_TCP_DATA_SPLIT |
				  ETHTOOL_RING_USE_HDS_THRS,
	.get_drvinfo		= testnic_get_drvinfo,
	.get_link		= testnic_get_link,
	.get_ringparam		= testnic_get_ringparam,
	.set_ringparam		= testnic_set_ringparam,
	.get_channels		= testnic_get_channels,
	.get_rx_ring_count	= testnic_get_rx_ring_count,
	.get_rxnfc		= testnic_get_rxnfc,
	.set_rxnfc		= testnic_set_rxnfc,
	.get_rxfh_indir_size	= testnic_rxfh_size,
	.get_rxfh_key_size	= testnic_rxfh_key_size,
	.get_rxfh		= testnic_get_rxfh,
	.set_rxfh		= testnic_set_rxfh,
	.get_sset_count		= testnic_get_sset_count,
	.get_strings		= testnic_get_strings,
	.get_ethtool_stats	= testnic_get_ethtool_stats,
};

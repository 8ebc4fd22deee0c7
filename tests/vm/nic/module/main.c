// SPDX-License-Identifier: GPL-2.0
/* Implements the module, its two ports, and the wire between them. */
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include "testnic.h"

static unsigned int queues = 4;
module_param(queues, uint, 0444);
MODULE_PARM_DESC(queues, "queues of each port, 1 to 16 (default 4)");

static bool split = true;
module_param(split, bool, 0444);
MODULE_PARM_DESC(split, "TCP header/data split when loaded; ethtool changes it later (default on)");

static bool large_buffers = true;
module_param(large_buffers, bool, 0444);
MODULE_PARM_DESC(large_buffers, "whether queues accept receive buffers larger than a page (default on)");

unsigned int testnic_depth = 1024;
module_param_named(depth, testnic_depth, uint, 0644);
MODULE_PARM_DESC(depth, "packets that may wait at a queue; more are dropped (default 1024)");

bool testnic_pack;
module_param_named(pack, testnic_pack, bool, 0644);
MODULE_PARM_DESC(pack, "put the payload of several packets into one buffer (default off)");

static struct platform_device *parent;
static struct testnic_port *ports[2];

static void testnic_update_carrier(struct testnic_port *port)
{
	struct testnic_port *peer = port->peer;

	if (netif_running(port->dev) && netif_running(peer->dev)) {
		netif_carrier_on(port->dev);
		netif_carrier_on(peer->dev);
	} else {
		netif_carrier_off(port->dev);
		netif_carrier_off(peer->dev);
	}
}

static int testnic_open(struct net_device *dev)
{
	struct testnic_port *port = netdev_priv(dev);
	unsigned int i;
	int err;

	for (i = 0; i < dev->real_num_rx_queues; i++) {
		err = testnic_queue_open(&port->queues[i]);
		if (err)
			goto close;
	}
	netif_tx_start_all_queues(dev);
	testnic_update_carrier(port);
	return 0;

close:
	while (i--)
		testnic_queue_close(&port->queues[i]);
	return err;
}

static int testnic_stop(struct net_device *dev)
{
	struct testnic_port *port = netdev_priv(dev);
	unsigned int i;

	testnic_update_carrier(port);
	netif_tx_stop_all_queues(dev);
	for (i = 0; i < dev->real_num_rx_queues; i++)
		testnic_queue_close(&port->queues[i]);
	return 0;
}

static netdev_tx_t testnic_start_xmit(struct sk_buff *skb,
				      struct net_device *dev)
{
	struct testnic_port *port = netdev_priv(dev);
	struct testnic_queue *queue = testnic_queue_of(port->peer, skb);
	unsigned int len = skb->len;

	skb_tx_timestamp(skb);
	/* The packet is charged to the sender until the peer has taken it. */
	if (testnic_queue_park(queue, skb)) {
		dev_sw_netstats_tx_add(dev, 1, len);
	} else {
		dev_kfree_skb_any(skb);
		dev_core_stats_tx_dropped_inc(dev);
	}
	return NETDEV_TX_OK;
}

static const struct net_device_ops testnic_netdev_ops = {
	.ndo_open		= testnic_open,
	.ndo_stop		= testnic_stop,
	.ndo_start_xmit		= testnic_start_xmit,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_validate_addr	= eth_validate_addr,
};

static struct testnic_port *testnic_port_alloc(void)
{
	struct testnic_port *port;
	struct net_device *dev;
	unsigned int i;

	dev = alloc_etherdev_mqs(sizeof(*port), queues, queues);
	if (!dev)
		return NULL;

	port = netdev_priv(dev);
	port->dev = dev;
	SET_NETDEV_DEV(dev, &parent->dev);
	strscpy(dev->name, "zc%d", sizeof(dev->name));
	eth_hw_addr_random(dev);
	dev->netdev_ops = &testnic_netdev_ops;
	dev->ethtool_ops = &testnic_ethtool_ops;
	dev->queue_mgmt_ops = large_buffers ? &testnic_queue_ops
					    : &testnic_page_queue_ops;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->max_mtu = TESTNIC_MAX_MTU;
	dev->hw_features = NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_HIGHDMA |
			   NETIF_F_RXCSUM;
	dev->features = dev->hw_features;
	dev->vlan_features = dev->hw_features;
	/* The backlog links packets by their own pointers, so they cannot be shared. */
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->lltx = true;
	dev->cfg->hds_config = split ? ETHTOOL_TCP_DATA_SPLIT_ENABLED
				     : ETHTOOL_TCP_DATA_SPLIT_DISABLED;
	netif_carrier_off(dev);

	testnic_steering_init(port);
	for (i = 0; i < queues; i++)
		testnic_queue_init(port, i);
	return port;
}

static void testnic_port_free(struct testnic_port *port)
{
	if (!port)
		return;
	testnic_steering_free(port);
	free_netdev(port->dev);
}

static int __init testnic_module_init(void)
{
	const struct platform_device_info info = {
		.name = KBUILD_MODNAME,
		.id = PLATFORM_DEVID_NONE,
		.dma_mask = DMA_BIT_MASK(64),
	};
	int err;

	if (queues < 1 || queues > TESTNIC_MAX_QUEUES)
		return -EINVAL;

	/* Memory is mapped for the DMA of this device. */
	parent = platform_device_register_full(&info);
	if (IS_ERR(parent))
		return PTR_ERR(parent);
	if (device_iommu_mapped(&parent->dev)) {
		pr_err("an address for DMA must be a physical one, so there may be no IOMMU\n");
		err = -EOPNOTSUPP;
		goto unregister_parent;
	}

	ports[0] = testnic_port_alloc();
	ports[1] = testnic_port_alloc();
	if (!ports[0] || !ports[1]) {
		err = -ENOMEM;
		goto free_ports;
	}
	ports[0]->peer = ports[1];
	ports[1]->peer = ports[0];

	err = register_netdev(ports[0]->dev);
	if (err)
		goto free_ports;
	err = register_netdev(ports[1]->dev);
	if (err)
		goto unregister_first;
	return 0;

unregister_first:
	unregister_netdev(ports[0]->dev);
free_ports:
	testnic_port_free(ports[1]);
	testnic_port_free(ports[0]);
unregister_parent:
	platform_device_unregister(parent);
	return err;
}

static void __exit testnic_module_exit(void)
{
	/* Each port refers to the other, so both are unregistered before one is freed. */
	unregister_netdev(ports[1]->dev);
	unregister_netdev(ports[0]->dev);
	testnic_port_free(ports[1]);
	testnic_port_free(ports[0]);
	platform_device_unregister(parent);
}

module_init(testnic_module_init);
module_exit(testnic_module_exit);
MODULE_DESCRIPTION("A pair of virtual NICs with zero-copy receive queues, for tests");
MODULE_LICENSE("GPL");

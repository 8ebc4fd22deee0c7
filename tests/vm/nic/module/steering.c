// SPDX-License-Identifier: GPL-2.0
/* Chooses the queue on which a packet arrives: rules first, then the RSS table. */
#include <linux/etherdevice.h>
#include <linux/unaligned.h>
#include <net/flow_dissector.h>

#include "testnic.h"

static u32 testnic_toeplitz(const u8 *key, const u8 *data, unsigned int len)
{
	u64 window = get_unaligned_be64(key);
	unsigned int i, bit;
	u32 hash = 0;

	for (i = 0; i < len; i++) {
		for (bit = 0; bit < 8; bit++) {
			if (data[i] & (0x80 >> bit))
				hash ^= (u32)((window << bit) >> 32);
		}
		window = window << 8;
		if (i + 8 < TESTNIC_RSS_KEY)
			window |= key[i + 8];
	}
	return hash;
}

/* Hashes the addresses and, for TCP and UDP, the ports, in the RSS order. */
static u32 testnic_hash(const struct testnic_port *port,
			const struct flow_keys *keys)
{
	u8 input[36];
	unsigned int len = 0;

	switch (keys->control.addr_type) {
	case FLOW_DISSECTOR_KEY_IPV4_ADDRS:
		memcpy(input, &keys->addrs.v4addrs, len = 8);
		break;
	case FLOW_DISSECTOR_KEY_IPV6_ADDRS:
		memcpy(input, &keys->addrs.v6addrs, len = 32);
		break;
	default:
		return 0;
	}
	if (keys->basic.ip_proto == IPPROTO_TCP ||
	    keys->basic.ip_proto == IPPROTO_UDP) {
		memcpy(input + len, &keys->ports.ports, 4);
		len += 4;
	}
	return testnic_toeplitz(port->rss_key, input, len);
}

static bool testnic_words_match(const __be32 *value, const __be32 *mask,
				const void *actual, unsigned int words)
{
	const __be32 *other = actual;
	unsigned int i;

	for (i = 0; i < words; i++) {
		if ((other[i] ^ value[i]) & mask[i])
			return false;
	}
	return true;
}

static bool testnic_ports_match(__be16 psrc, __be16 psrc_mask, __be16 pdst,
				__be16 pdst_mask, const struct flow_keys *keys)
{
	return !((keys->ports.src ^ psrc) & psrc_mask) &&
	       !((keys->ports.dst ^ pdst) & pdst_mask);
}

static bool testnic_rule_matches(const struct ethtool_rx_flow_spec *spec,
				 const struct flow_keys *keys)
{
	const struct ethtool_tcpip4_spec *v4 = &spec->h_u.tcp_ip4_spec;
	const struct ethtool_tcpip4_spec *m4 = &spec->m_u.tcp_ip4_spec;
	const struct ethtool_tcpip6_spec *v6 = &spec->h_u.tcp_ip6_spec;
	const struct ethtool_tcpip6_spec *m6 = &spec->m_u.tcp_ip6_spec;

	if (keys->basic.ip_proto != IPPROTO_TCP)
		return false;
	if (spec->flow_type == TCP_V4_FLOW)
		return keys->control.addr_type == FLOW_DISSECTOR_KEY_IPV4_ADDRS &&
		       testnic_words_match(&v4->ip4src, &m4->ip4src,
					   &keys->addrs.v4addrs.src, 1) &&
		       testnic_words_match(&v4->ip4dst, &m4->ip4dst,
					   &keys->addrs.v4addrs.dst, 1) &&
		       testnic_ports_match(v4->psrc, m4->psrc, v4->pdst,
					   m4->pdst, keys);
	return keys->control.addr_type == FLOW_DISSECTOR_KEY_IPV6_ADDRS &&
	       testnic_words_match(v6->ip6src, m6->ip6src,
				   &keys->addrs.v6addrs.src, 4) &&
	       testnic_words_match(v6->ip6dst, m6->ip6dst,
				   &keys->addrs.v6addrs.dst, 4) &&
	       testnic_ports_match(v6->psrc, m6->psrc, v6->pdst, m6->pdst,
				   keys);
}

struct testnic_queue *testnic_queue_of(struct testnic_port *port,
				       const struct sk_buff *skb)
{
	const struct testnic_rules *rules;
	struct flow_keys keys;
	unsigned int i;
	u32 index;

	if (!skb_flow_dissect_flow_keys(skb, &keys, 0))
		return &port->queues[0];

	index = READ_ONCE(port->rss_table[testnic_hash(port, &keys) %
					  TESTNIC_RSS_ENTRIES]);
	rcu_read_lock();
	rules = rcu_dereference(port->rules);
	for (i = 0; rules && i < rules->count; i++) {
		if (testnic_rule_matches(&rules->specs[i], &keys)) {
			index = rules->specs[i].ring_cookie;
			break;
		}
	}
	rcu_read_unlock();
	return &port->queues[index];
}

static struct testnic_rules *testnic_rules_of(struct testnic_port *port)
{
	return rcu_dereference_protected(port->rules,
					 lockdep_is_held(&port->dev->lock));
}

/* Replaces the rule at a location. Removes it if @spec is NULL. */
static int testnic_put_rule(struct testnic_port *port, u32 location,
			    const struct ethtool_rx_flow_spec *spec)
{
	struct testnic_rules *old = testnic_rules_of(port);
	unsigned int i, count = old ? old->count : 0;
	struct testnic_rules *rules;

	rules = kzalloc(struct_size(rules, specs, count + 1), GFP_KERNEL);
	if (!rules)
		return -ENOMEM;
	rules->count = count + 1;
	count = 0;
	for (i = 0; old && i < old->count; i++) {
		if (spec && old->specs[i].location > location) {
			rules->specs[count++] = *spec;
			spec = NULL;
		}
		if (old->specs[i].location != location)
			rules->specs[count++] = old->specs[i];
	}
	if (spec)
		rules->specs[count++] = *spec;
	rules->count = count;
	rcu_assign_pointer(port->rules, rules);
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

static const struct ethtool_rx_flow_spec *
testnic_find_rule(struct testnic_port *port, u32 location)
{
	struct testnic_rules *rules = testnic_rules_of(port);
	unsigned int i;

	for (i = 0; rules && i < rules->count; i++) {
		if (rules->specs[i].location == location)
			return &rules->specs[i];
	}
	return NULL;
}

static int testnic_insert_rule(struct testnic_port *port,
			       struct ethtool_rxnfc *info)
{
	struct ethtool_rx_flow_spec *spec = &info->fs;

	if (spec->flow_type != TCP_V4_FLOW && spec->flow_type != TCP_V6_FLOW)
		return -EOPNOTSUPP;
	if (spec->ring_cookie >= port->dev->real_num_rx_queues)
		return -EINVAL;
	/* Chooses the last free location, as ethtool does. So a later rule takes
	 * precedence over an earlier one.
	 */
	if (spec->location & RX_CLS_LOC_SPECIAL) {
		spec->location = TESTNIC_RULES - 1;
		while (spec->location < TESTNIC_RULES &&
		       testnic_find_rule(port, spec->location))
			spec->location--;
	}
	if (spec->location >= TESTNIC_RULES)
		return -ENOSPC;
	return testnic_put_rule(port, spec->location, spec);
}

int testnic_set_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info)
{
	struct testnic_port *port = netdev_priv(dev);

	switch (info->cmd) {
	case ETHTOOL_SRXCLSRLINS:
		return testnic_insert_rule(port, info);
	case ETHTOOL_SRXCLSRLDEL:
		if (!testnic_find_rule(port, info->fs.location))
			return -ENOENT;
		return testnic_put_rule(port, info->fs.location, NULL);
	default:
		return -EOPNOTSUPP;
	}
}

int testnic_get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info,
		      u32 *locations)
{
	struct testnic_port *port = netdev_priv(dev);
	struct testnic_rules *rules = testnic_rules_of(port);
	const struct ethtool_rx_flow_spec *spec;
	unsigned int i, count = rules ? rules->count : 0;

	switch (info->cmd) {
	case ETHTOOL_GRXCLSRLCNT:
		info->rule_cnt = count;
		/* The driver chooses the location of a rule that has none. */
		info->data = TESTNIC_RULES | RX_CLS_LOC_SPECIAL;
		return 0;
	case ETHTOOL_GRXCLSRULE:
		spec = testnic_find_rule(port, info->fs.location);
		if (!spec)
			return -ENOENT;
		info->fs = *spec;
		return 0;
	case ETHTOOL_GRXCLSRLALL:
		if (info->rule_cnt < count)
			return -EMSGSIZE;
		for (i = 0; i < count; i++)
			locations[i] = rules->specs[i].location;
		info->rule_cnt = count;
		info->data = TESTNIC_RULES;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

u32 testnic_rxfh_size(struct net_device *dev)
{
	return TESTNIC_RSS_ENTRIES;
}

u32 testnic_rxfh_key_size(struct net_device *dev)
{
	return TESTNIC_RSS_KEY;
}

int testnic_get_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh)
{
	struct testnic_port *port = netdev_priv(dev);

	rxfh->hfunc = ETH_RSS_HASH_TOP;
	if (rxfh->indir)
		memcpy(rxfh->indir, port->rss_table, sizeof(port->rss_table));
	if (rxfh->key)
		memcpy(rxfh->key, port->rss_key, sizeof(port->rss_key));
	return 0;
}

int testnic_set_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh,
		     struct netlink_ext_ack *extack)
{
	struct testnic_port *port = netdev_priv(dev);
	unsigned int i;

	if (rxfh->hfunc != ETH_RSS_HASH_NO_CHANGE &&
	    rxfh->hfunc != ETH_RSS_HASH_TOP)
		return -EOPNOTSUPP;
	for (i = 0; rxfh->indir && i < TESTNIC_RSS_ENTRIES; i++)
		WRITE_ONCE(port->rss_table[i], rxfh->indir[i]);
	if (rxfh->key)
		memcpy(port->rss_key, rxfh->key, sizeof(port->rss_key));
	return 0;
}

void testnic_steering_init(struct testnic_port *port)
{
	unsigned int i;

	netdev_rss_key_fill(port->rss_key, sizeof(port->rss_key));
	for (i = 0; i < TESTNIC_RSS_ENTRIES; i++)
		port->rss_table[i] =
			ethtool_rxfh_indir_default(i, port->dev->num_rx_queues);
}

void testnic_steering_free(struct testnic_port *port)
{
	kfree(rcu_dereference_protected(port->rules, true));
}

namespace Zcrx.Interop.Abi;

/// <summary>Contains constants of <c>linux/netdev.h</c> under their C names.</summary>
internal static class LinuxNetdev
{
    public const byte NETDEV_FAMILY_VERSION = 1;

    public const byte NETDEV_CMD_QUEUE_GET = 10;
    public const ushort NETDEV_A_QUEUE_ID = 1;
    public const ushort NETDEV_A_QUEUE_IFINDEX = 2;
    public const ushort NETDEV_A_QUEUE_TYPE = 3;
    public const ushort NETDEV_A_QUEUE_NAPI_ID = 4;
    public const ushort NETDEV_A_QUEUE_DMABUF = 5;
    public const ushort NETDEV_A_QUEUE_IO_URING = 6;
    public const ushort NETDEV_A_QUEUE_XSK = 7;
    public const ushort NETDEV_A_QUEUE_LEASE = 8;
    public const uint NETDEV_QUEUE_TYPE_RX = 0;

    public const byte NETDEV_CMD_NAPI_GET = 11;
    public const ushort NETDEV_A_NAPI_IFINDEX = 1;
    public const ushort NETDEV_A_NAPI_ID = 2;

    public const byte NETDEV_CMD_QUEUE_CREATE = 16;
    public const ushort NETDEV_A_LEASE_IFINDEX = 1;
    public const ushort NETDEV_A_LEASE_QUEUE = 2;
    public const ushort NETDEV_A_LEASE_NETNS_ID = 3;
}

using System.Runtime.InteropServices;

namespace Zcrx.Interop.Abi;

/// <summary>Contains constants of <c>linux/genetlink.h</c> under their C names.</summary>
internal static class LinuxGenetlink
{
    public const ushort GENL_ID_CTRL = 16;
    public const byte CTRL_CMD_GETFAMILY = 3;
    public const ushort CTRL_ATTR_FAMILY_ID = 1;
    public const ushort CTRL_ATTR_FAMILY_NAME = 2;
}

/// <summary>The header of a message of a generic netlink family. It follows the netlink header.</summary>
[StructLayout(LayoutKind.Explicit, Size = 4)]
internal struct genlmsghdr
{
    [FieldOffset(0)] public byte cmd;
    [FieldOffset(1)] public byte version;
    [FieldOffset(2)] public ushort reserved;
}

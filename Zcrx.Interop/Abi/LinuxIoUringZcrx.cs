using System.Runtime.InteropServices;

namespace Zcrx.Interop.Abi;

/// <summary>Contains constants of <c>linux/io_uring/zcrx.h</c> under their C names.</summary>
public static class LinuxIoUringZcrx
{
    public const ulong IORING_MAP_OFF_ZCRX_REGION = 0x30000000;
    public const int IORING_OFF_ZCRX_SHIFT = 16;

    public const int IORING_ZCRX_AREA_SHIFT = 48;
    public const ulong IORING_ZCRX_AREA_MASK = ~((1UL << IORING_ZCRX_AREA_SHIFT) - 1);
    public const uint IORING_ZCRX_AREA_DMABUF = 1;

    public const uint ZCRX_REG_IMPORT = 1;
    public const uint ZCRX_REG_NODEV = 2;

    public const uint ZCRX_FEATURE_RX_PAGE_SIZE = 1U << 0;
    public const uint ZCRX_FEATURE_EVENT = 1U << 1;

    public const uint ZCRX_EVENT_ALLOC_FAIL = 0;
    public const uint ZCRX_EVENT_COPY = 1;
    public const uint ZCRX_EVENT_DESC_FLAG_STATS = 1U << 0;

    public const uint ZCRX_CTRL_FLUSH_RQ = 0;
    public const uint ZCRX_CTRL_EXPORT = 1;
    public const uint ZCRX_CTRL_ARM_EVENT = 2;
    public const uint ZCRX_CTRL_ADD_AREA = 3;
}

/// <summary>One refill entry: a buffer that returns to the kernel.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct io_uring_zcrx_rqe
{
    [FieldOffset(0)] public ulong off;
    [FieldOffset(8)] public uint len;
    [FieldOffset(12)] public uint __pad;
}

/// <summary>
/// The second half of a receive completion. Its offset contains the area id in the top 16 bits and the byte offset in the other bits.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct io_uring_zcrx_cqe
{
    [FieldOffset(0)] public ulong off;
    [FieldOffset(8)] public ulong __pad;
}

/// <summary>The offsets of the parts of the refill ring in its region. The kernel fills them in at registration.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
public unsafe struct io_uring_zcrx_offsets
{
    [FieldOffset(0)] public uint head;
    [FieldOffset(4)] public uint tail;
    [FieldOffset(8)] public uint rqes;
    [FieldOffset(12)] public uint __resv2;
    [FieldOffset(16)] public fixed ulong __resv[2];
}

/// <summary>Describes an area, the memory that receives payload.</summary>
[StructLayout(LayoutKind.Explicit, Size = 48)]
public unsafe struct io_uring_zcrx_area_reg
{
    [FieldOffset(0)] public ulong addr;
    [FieldOffset(8)] public ulong len;
    [FieldOffset(16)] public ulong rq_area_token;
    [FieldOffset(24)] public uint flags;
    [FieldOffset(28)] public uint dmabuf_fd;
    [FieldOffset(32)] public fixed ulong __resv2[2];
}

/// <summary>Copy counters that the kernel keeps in shared memory.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct zcrx_stats
{
    [FieldOffset(0)] public ulong copy_count;
    [FieldOffset(8)] public ulong copy_bytes;
}

/// <summary>The notifications that a registration requests, and the place of the copy counters in the region of the refill ring.</summary>
[StructLayout(LayoutKind.Explicit, Size = 96)]
public unsafe struct zcrx_event_desc
{
    [FieldOffset(0)] public ulong user_data;
    [FieldOffset(8)] public uint type_mask;
    [FieldOffset(12)] public uint flags;
    [FieldOffset(16)] public ulong stats_offset;
    [FieldOffset(24)] public fixed ulong __resv2[9];
}

/// <summary>In and out parameters of <c>IORING_REGISTER_ZCRX_IFQ</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 96)]
public unsafe struct io_uring_zcrx_ifq_reg
{
    [FieldOffset(0)] public uint if_idx;
    [FieldOffset(4)] public uint if_rxq;
    [FieldOffset(8)] public uint rq_entries;
    [FieldOffset(12)] public uint flags;
    [FieldOffset(16)] public ulong area_ptr;
    [FieldOffset(24)] public ulong region_ptr;
    [FieldOffset(32)] public io_uring_zcrx_offsets offsets;
    [FieldOffset(64)] public uint zcrx_id;
    [FieldOffset(68)] public uint rx_buf_len;
    [FieldOffset(72)] public ulong event_desc;
    [FieldOffset(80)] public fixed ulong __resv[2];
}

/// <summary>Payload of <c>ZCRX_CTRL_EXPORT</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 48)]
public unsafe struct zcrx_ctrl_export
{
    [FieldOffset(0)] public uint zcrx_fd;
    [FieldOffset(4)] public fixed uint __resv1[11];
}

/// <summary>Payload of <c>ZCRX_CTRL_FLUSH_RQ</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 48)]
public unsafe struct zcrx_ctrl_flush_rq
{
    [FieldOffset(0)] public fixed ulong __resv[6];
}

/// <summary>Payload of <c>ZCRX_CTRL_ARM_EVENT</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 48)]
public unsafe struct zcrx_ctrl_arm_event
{
    [FieldOffset(0)] public uint event_type;
    [FieldOffset(4)] public fixed uint __resv[11];
}

/// <summary>Payload of <c>ZCRX_CTRL_ADD_AREA</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 48)]
public unsafe struct zcrx_ctrl_add_area
{
    [FieldOffset(0)] public ulong area_ptr;
    [FieldOffset(8)] public fixed ulong __resv[5];
}

/// <summary>Argument of <c>IORING_REGISTER_ZCRX_CTRL</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 72)]
public unsafe struct zcrx_ctrl
{
    [FieldOffset(0)] public uint zcrx_id;
    [FieldOffset(4)] public uint op;
    [FieldOffset(8)] public fixed ulong __resv[2];
    [FieldOffset(24)] public zcrx_ctrl_export zc_export;
    [FieldOffset(24)] public zcrx_ctrl_flush_rq zc_flush;
    [FieldOffset(24)] public zcrx_ctrl_arm_event zc_arm_event;
    [FieldOffset(24)] public zcrx_ctrl_add_area zc_area;
}

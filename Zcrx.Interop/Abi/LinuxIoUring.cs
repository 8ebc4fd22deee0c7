using System.Runtime.InteropServices;

namespace Zcrx.Interop.Abi;

/// <summary>Contains constants of <c>linux/io_uring.h</c> under their C names.</summary>
public static class LinuxIoUring
{
    public const uint IORING_SETUP_CQSIZE = 1U << 3;
    public const uint IORING_SETUP_CLAMP = 1U << 4;
    public const uint IORING_SETUP_R_DISABLED = 1U << 6;
    public const uint IORING_SETUP_SUBMIT_ALL = 1U << 7;
    public const uint IORING_SETUP_COOP_TASKRUN = 1U << 8;
    public const uint IORING_SETUP_TASKRUN_FLAG = 1U << 9;
    public const uint IORING_SETUP_CQE32 = 1U << 11;
    public const uint IORING_SETUP_SINGLE_ISSUER = 1U << 12;
    public const uint IORING_SETUP_DEFER_TASKRUN = 1U << 13;
    public const uint IORING_SETUP_NO_SQARRAY = 1U << 16;
    public const uint IORING_SETUP_CQE_MIXED = 1U << 18;

    public const uint IORING_ENTER_GETEVENTS = 1U << 0;
    public const uint IORING_ENTER_EXT_ARG = 1U << 3;
    public const uint IORING_ENTER_REGISTERED_RING = 1U << 4;
    public const uint IORING_ENTER_ABS_TIMER = 1U << 5;

    public const ulong IORING_OFF_SQ_RING = 0;
    public const ulong IORING_OFF_CQ_RING = 0x8000000;
    public const ulong IORING_OFF_SQES = 0x10000000;

    public const byte IORING_OP_NOP = 0;
    public const byte IORING_OP_POLL_ADD = 6;
    public const byte IORING_OP_TIMEOUT = 11;
    public const byte IORING_OP_ACCEPT = 13;
    public const byte IORING_OP_ASYNC_CANCEL = 14;
    public const byte IORING_OP_CLOSE = 19;
    public const byte IORING_OP_READ = 22;
    public const byte IORING_OP_SEND = 26;
    public const byte IORING_OP_RECV = 27;
    public const byte IORING_OP_SHUTDOWN = 34;
    public const byte IORING_OP_MSG_RING = 40;
    public const byte IORING_OP_RECV_ZC = 58;

    public const byte IOSQE_ASYNC = 1 << 4;
    public const byte IOSQE_BUFFER_SELECT = 1 << 5;

    public const ushort IORING_RECVSEND_POLL_FIRST = 1 << 0;
    public const ushort IORING_RECVSEND_BUNDLE = 1 << 4;
    public const ushort IORING_RECV_MULTISHOT = 1 << 1;
    public const ushort IORING_ACCEPT_MULTISHOT = 1 << 0;
    public const uint IORING_POLL_ADD_MULTI = 1U << 0;
    public const uint IORING_ASYNC_CANCEL_ALL = 1U << 0;
    public const uint IORING_ASYNC_CANCEL_FD = 1U << 1;
    public const uint IORING_ASYNC_CANCEL_ANY = 1U << 2;
    public const uint IORING_ASYNC_CANCEL_FD_FIXED = 1U << 3;
    public const uint IORING_ASYNC_CANCEL_USERDATA = 1U << 4;
    public const uint IORING_ASYNC_CANCEL_OP = 1U << 5;

    public const uint IORING_CQE_F_BUFFER = 1U << 0;
    public const uint IORING_CQE_F_MORE = 1U << 1;
    public const uint IORING_CQE_F_SOCK_NONEMPTY = 1U << 2;
    public const uint IORING_CQE_F_NOTIF = 1U << 3;
    public const uint IORING_CQE_F_SKIP = 1U << 5;
    public const int IORING_CQE_BUFFER_SHIFT = 16;
    public const uint IORING_CQE_F_32 = 1U << 15;

    public const uint IORING_SQ_CQ_OVERFLOW = 1U << 1;
    public const uint IORING_SQ_TASKRUN = 1U << 2;

    public const uint IORING_REGISTER_PROBE = 8;
    public const uint IORING_REGISTER_ENABLE_RINGS = 12;
    public const uint IORING_REGISTER_PBUF_RING = 22;
    public const uint IORING_REGISTER_SYNC_CANCEL = 24;
    public const uint IORING_REGISTER_NAPI = 27;
    public const uint IORING_UNREGISTER_NAPI = 28;
    public const byte IO_URING_NAPI_REGISTER_OP = 0;
    public const byte IO_URING_NAPI_STATIC_ADD_ID = 1;
    public const byte IO_URING_NAPI_STATIC_DEL_ID = 2;
    public const uint IO_URING_NAPI_TRACKING_DYNAMIC = 0;
    public const uint IO_URING_NAPI_TRACKING_STATIC = 1;
    public const uint IORING_REGISTER_SEND_MSG_RING = 31;
    public const uint IORING_REGISTER_ZCRX_IFQ = 32;
    public const uint IORING_REGISTER_QUERY = 35;
    public const uint IORING_REGISTER_ZCRX_CTRL = 36;

    public const uint IORING_MEM_REGION_TYPE_USER = 1;

    public const uint IORING_FEAT_SINGLE_MMAP = 1U << 0;
    public const uint IORING_FEAT_NODROP = 1U << 1;
    public const uint IORING_FEAT_EXT_ARG = 1U << 8;
    public const uint IORING_FEAT_CQE_SKIP = 1U << 11;
    public const uint IORING_FEAT_RECVSEND_BUNDLE = 1U << 14;
    public const uint IORING_FEAT_MIN_TIMEOUT = 1U << 15;
}

/// <summary>One submission entry. Fields that share an offset are members of the same union in C.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
public struct io_uring_sqe
{
    [FieldOffset(0)] public byte opcode;
    [FieldOffset(1)] public byte flags;
    [FieldOffset(2)] public ushort ioprio;
    [FieldOffset(4)] public int fd;
    [FieldOffset(8)] public ulong off;
    [FieldOffset(16)] public ulong addr;
    [FieldOffset(24)] public uint len;
    [FieldOffset(28)] public uint msg_flags;
    [FieldOffset(28)] public uint poll32_events;
    [FieldOffset(28)] public uint accept_flags;
    [FieldOffset(28)] public uint cancel_flags;
    [FieldOffset(32)] public ulong user_data;
    [FieldOffset(40)] public ushort buf_index;
    [FieldOffset(40)] public ushort buf_group;
    [FieldOffset(42)] public ushort personality;
    [FieldOffset(44)] public uint file_index;
    [FieldOffset(44)] public uint zcrx_ifq_idx;
    [FieldOffset(44)] public uint optlen;
    [FieldOffset(48)] public ulong addr3;
}

/// <summary>
/// The first half of a completion entry. In rings with CQE32, a second half of 16 bytes follows (<c>io_uring_zcrx_cqe</c>).
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct io_uring_cqe
{
    [FieldOffset(0)] public ulong user_data;
    [FieldOffset(8)] public int res;
    [FieldOffset(12)] public uint flags;
}

/// <summary>The offsets of the parts of the submission ring in its mapping.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public struct io_sqring_offsets
{
    [FieldOffset(0)] public uint head;
    [FieldOffset(4)] public uint tail;
    [FieldOffset(8)] public uint ring_mask;
    [FieldOffset(12)] public uint ring_entries;
    [FieldOffset(16)] public uint flags;
    [FieldOffset(20)] public uint dropped;
    [FieldOffset(24)] public uint array;
    [FieldOffset(28)] public uint resv1;
    [FieldOffset(32)] public ulong user_addr;
}

/// <summary>The offsets of the parts of the completion ring in its mapping.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public struct io_cqring_offsets
{
    [FieldOffset(0)] public uint head;
    [FieldOffset(4)] public uint tail;
    [FieldOffset(8)] public uint ring_mask;
    [FieldOffset(12)] public uint ring_entries;
    [FieldOffset(16)] public uint overflow;
    [FieldOffset(20)] public uint cqes;
    [FieldOffset(24)] public uint flags;
    [FieldOffset(28)] public uint resv1;
    [FieldOffset(32)] public ulong user_addr;
}

/// <summary>The argument of <c>IORING_REGISTER_NAPI</c>. The kernel returns the previous settings in it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public unsafe struct io_uring_napi
{
    [FieldOffset(0)] public uint busy_poll_to;
    [FieldOffset(4)] public byte prefer_busy_poll;
    [FieldOffset(5)] public byte opcode;
    [FieldOffset(6)] public fixed byte pad[2];
    [FieldOffset(8)] public uint op_param;
    [FieldOffset(12)] public uint resv;
}

/// <summary>In and out parameters of <c>io_uring_setup</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 120)]
public struct io_uring_params
{
    [FieldOffset(0)] public uint sq_entries;
    [FieldOffset(4)] public uint cq_entries;
    [FieldOffset(8)] public uint flags;
    [FieldOffset(12)] public uint sq_thread_cpu;
    [FieldOffset(16)] public uint sq_thread_idle;
    [FieldOffset(20)] public uint features;
    [FieldOffset(24)] public uint wq_fd;
    [FieldOffset(28)] public uint resv0;
    [FieldOffset(32)] public uint resv1;
    [FieldOffset(36)] public uint resv2;
    [FieldOffset(40)] public io_sqring_offsets sq_off;
    [FieldOffset(80)] public io_cqring_offsets cq_off;
}

/// <summary>Extended argument of <c>io_uring_enter</c> (flag EXT_ARG).</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
public struct io_uring_getevents_arg
{
    [FieldOffset(0)] public ulong sigmask;
    [FieldOffset(8)] public uint sigmask_sz;
    [FieldOffset(12)] public uint min_wait_usec;
    [FieldOffset(16)] public ulong ts;
}

/// <summary>A memory region that user space passes to the kernel, or maps from it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
public unsafe struct io_uring_region_desc
{
    [FieldOffset(0)] public ulong user_addr;
    [FieldOffset(8)] public ulong size;
    [FieldOffset(16)] public uint flags;
    [FieldOffset(20)] public uint id;
    [FieldOffset(24)] public ulong mmap_offset;
    [FieldOffset(32)] public fixed ulong __resv[4];
}

/// <summary>One buffer of a provided-buffer ring. <see cref="resv"/> of the first buffer stores the tail of the ring.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct io_uring_buf
{
    [FieldOffset(0)] public ulong addr;
    [FieldOffset(8)] public uint len;
    [FieldOffset(12)] public ushort bid;
    [FieldOffset(14)] public ushort resv;
}

/// <summary>Argument of <c>IORING_REGISTER_PBUF_RING</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public unsafe struct io_uring_buf_reg
{
    [FieldOffset(0)] public ulong ring_addr;
    [FieldOffset(8)] public uint ring_entries;
    [FieldOffset(12)] public ushort bgid;
    [FieldOffset(14)] public ushort flags;
    [FieldOffset(16)] public fixed ulong resv[3];
}

/// <summary><c>struct __kernel_timespec</c> of <c>linux/time_types.h</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct __kernel_timespec
{
    public long tv_sec;
    public long tv_nsec;
}

/// <summary>The answer to IORING_REGISTER_PROBE. One <c>io_uring_probe_op</c> for each opcode follows it.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
public struct io_uring_probe
{
    public byte last_op;
    public byte ops_len;
}

/// <summary>The support for one opcode in the answer to IORING_REGISTER_PROBE.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
public struct io_uring_probe_op
{
    public byte op;
    public byte resv;
    public ushort flags;
}

using System.Runtime.InteropServices;

namespace Zcrx.Interop.Abi;

/// <summary>Contains constants of <c>linux/io_uring/query.h</c> under their C names.</summary>
public static class LinuxIoUringQuery
{
    public const uint IO_URING_QUERY_OPCODES = 0;
    public const uint IO_URING_QUERY_ZCRX = 1;
    public const uint IO_URING_QUERY_SCQ = 2;
    public const uint IO_URING_QUERY_ZCRX_EVENT = 3;
}

/// <summary>One query of a chain. The kernel writes <c>result</c> and <c>size</c> back.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public unsafe struct io_uring_query_hdr
{
    [FieldOffset(0)] public ulong next_entry;
    [FieldOffset(8)] public ulong query_data;
    [FieldOffset(16)] public uint query_op;
    [FieldOffset(20)] public uint size;
    [FieldOffset(24)] public int result;
    [FieldOffset(28)] public fixed uint __resv[3];
}

/// <summary>Answer to <c>IO_URING_QUERY_OPCODES</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 48)]
public struct io_uring_query_opcode
{
    [FieldOffset(0)] public uint nr_request_opcodes;
    [FieldOffset(4)] public uint nr_register_opcodes;
    [FieldOffset(8)] public ulong feature_flags;
    [FieldOffset(16)] public ulong ring_setup_flags;
    [FieldOffset(24)] public ulong enter_flags;
    [FieldOffset(32)] public ulong sqe_flags;
    [FieldOffset(40)] public uint nr_query_opcodes;
}

/// <summary>Answer to <c>IO_URING_QUERY_ZCRX</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
public struct io_uring_query_zcrx
{
    [FieldOffset(0)] public ulong register_flags;
    [FieldOffset(8)] public ulong area_flags;
    [FieldOffset(16)] public uint nr_ctrl_opcodes;
    [FieldOffset(20)] public uint features;
    [FieldOffset(24)] public uint rq_hdr_size;
    [FieldOffset(28)] public uint rq_hdr_alignment;
}

/// <summary>Answer to <c>IO_URING_QUERY_ZCRX_EVENT</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 48)]
public unsafe struct io_uring_query_zcrx_event
{
    [FieldOffset(0)] public uint event_flags;
    [FieldOffset(4)] public uint stats_size;
    [FieldOffset(8)] public uint stats_off_alignment;
    [FieldOffset(12)] public uint __resv1;
    [FieldOffset(16)] public fixed ulong __resv2[4];
}

/// <summary>Answer to <c>IO_URING_QUERY_SCQ</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct io_uring_query_scq
{
    [FieldOffset(0)] public ulong hdr_size;
    [FieldOffset(8)] public ulong hdr_alignment;
}

namespace Zcrx.Interop.Tests.Abi;

/// <summary>Tests that every constant of the library has the value from the kernel's headers.</summary>
public class ConstantTests
{
    /// <summary>Contains the constants that the table lacks, with their values. A comment gives the reason for each.</summary>
    private static readonly Dictionary<string, ulong> NotInTable = new()
    {
        // The map offset of a refill region that the kernel allocates. No uapi header declares it, only the kernel's own io_uring/memmap.h.
        ["IORING_MAP_OFF_ZCRX_REGION"] = 0x30000000,
        // The shift of a queue's id in this map offset, also from io_uring/memmap.h.
        ["IORING_OFF_ZCRX_SHIFT"] = 16,
        // Cancel flags from io_uring.h. The table lacks them because only the emulated kernel uses them.
        ["IORING_ASYNC_CANCEL_FD_FIXED"] = 1 << 3,
        ["IORING_ASYNC_CANCEL_OP"] = 1 << 5,
        // Flags from io_uring.h for receives into provided buffers. The table lacks them because only the engine IoUring uses them.
        ["IOSQE_ASYNC"] = 1 << 4,
        ["IOSQE_BUFFER_SELECT"] = 1 << 5,
        ["IORING_OP_SEND"] = 26,
        ["IORING_RECVSEND_POLL_FIRST"] = 1 << 0,
        ["IORING_RECVSEND_BUNDLE"] = 1 << 4,
        ["IORING_CQE_F_BUFFER"] = 1 << 0,
        ["IORING_CQE_BUFFER_SHIFT"] = 16,
        ["IORING_REGISTER_PBUF_RING"] = 22,
        ["IORING_FEAT_RECVSEND_BUNDLE"] = 1 << 14,
    };

    public static TheoryData<string> InTable => [.. AbiTable.Instance.Constants.Keys];

    [Theory]
    [MemberData(nameof(InTable))]
    public void Constant_has_the_value_of_the_header(string name)
    {
        Assert.True(AbiTypes.Constants.TryGetValue(name, out ulong value), $"{name} is in the table, but not declared.");
        Assert.Equal(AbiTable.Instance.Constants[name], value);
    }

    [Fact]
    public void Every_constant_is_in_the_table_or_listed()
    {
        var missing = AbiTypes.Constants.Where(constant => !AbiTable.Instance.Constants.ContainsKey(constant.Key));
        Assert.Equal(NotInTable.OrderBy(entry => entry.Key, StringComparer.Ordinal), missing.OrderBy(entry => entry.Key, StringComparer.Ordinal));
    }
}

using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Tests.Abi;

/// <summary>Tests that every struct has the size, the alignment and the offsets that it has in C.</summary>
public class StructTests
{
    /// <summary>Contains the structs that the table lacks, with the reason for each.</summary>
    private static readonly Dictionary<string, string> NotInTable = new()
    {
        ["__kernel_timespec"] = "of linux/time_types.h, which the table does not cover: two s64",
        ["io_uring_buf"] = "of the engine IoUring; io_uring.h has had it since 5.19",
        ["io_uring_buf_reg"] = "of the engine IoUring; io_uring.h has had it since 5.19",
        ["io_uring_probe"] = "of the count of opcodes; io_uring.h has had it since 5.6",
        ["io_uring_probe_op"] = "of the count of opcodes; io_uring.h has had it since 5.6",
        ["zcrx_ctrl_flush_rq"] = "nothing but reserved words; the offset of zc_flush and the size of zcrx_ctrl cover it",
    };

    /// <summary>Contains the fields that the table lacks, with their offsets in the header.</summary>
    private static readonly Dictionary<string, int> FieldsNotInTable = new()
    {
        // The table describes the first word of the entry as a whole. This field is one byte of it.
        ["io_uring_sqe.flags"] = 1,
        // Shares a union with buf_index.
        ["io_uring_sqe.buf_group"] = 40,
        // Shares a union with file_index.
        ["io_uring_sqe.optlen"] = 44,
        // Shares a union with msg_flags.
        ["io_uring_sqe.poll32_events"] = 28,
        // C declares these words as the array __u32 resv[3]. The library declares three single words.
        ["io_uring_params.resv0"] = 28,
        ["io_uring_params.resv1"] = 32,
        ["io_uring_params.resv2"] = 36,
        // Reserved words at the end of a struct, which the library never accesses.
        ["io_uring_region_desc.__resv"] = 32,
        ["zcrx_ctrl_export.__resv1"] = 4,
        ["zcrx_ctrl_arm_event.__resv"] = 4,
        ["zcrx_ctrl_add_area.__resv"] = 8,
        ["io_uring_query_zcrx_event.__resv1"] = 12,
        ["io_uring_query_zcrx_event.__resv2"] = 16,
    };

    /// <summary>Maps fields of the table to their names in the library, where the names differ.</summary>
    private static readonly Dictionary<string, string> Renamed = new()
    {
        ["io_uring_params.resv"] = "resv0",
    };

    public static TheoryData<string> InTable => [.. AbiTable.Instance.Structs.Keys];

    public static TheoryData<string> Ours => [.. AbiTypes.Structs.Select(type => type.Name)];

    [Theory]
    [MemberData(nameof(InTable))]
    public void Struct_has_the_size_and_alignment_of_C(string name)
    {
        var expected = AbiTable.Instance.Structs[name];
        var type = AbiTypes.Struct(name);

        Assert.Equal(expected.Size, Measure(nameof(SizeOf), type));
        Assert.Equal(expected.Size, Marshal.SizeOf(type));
        Assert.Equal(expected.Align, Measure(nameof(AlignmentOf), type));
    }

    [Theory]
    [MemberData(nameof(InTable))]
    public void Struct_has_every_field_of_the_table_at_its_offset(string name)
    {
        var type = AbiTypes.Struct(name);
        Assert.All(AbiTable.Instance.Structs[name].Offsets, expected =>
        {
            string field = Renamed.GetValueOrDefault($"{name}.{expected.Key}", expected.Key);
            Assert.Equal(expected.Value, (int)Marshal.OffsetOf(type, field));
            Assert.Equal(expected.Value, DeclaredOffset(type, field));
        });
    }

    [Theory]
    [MemberData(nameof(Ours))]
    public void Struct_has_no_field_that_the_table_lacks(string name)
    {
        if (NotInTable.ContainsKey(name))
        {
            return;
        }

        var offsets = AbiTable.Instance.Structs[name].Offsets;
        foreach (var field in AbiTypes.Struct(name).GetFields().Where(field => !offsets.ContainsKey(field.Name)))
        {
            string path = $"{name}.{field.Name}";
            Assert.True(FieldsNotInTable.TryGetValue(path, out int expected), $"{path} is neither in the table nor listed as missing from it.");
            Assert.Equal(expected, DeclaredOffset(field.DeclaringType!, field.Name));
        }
    }

    [Fact]
    public void Every_struct_of_the_ABI_is_in_the_table_or_listed()
    {
        var missing = AbiTypes.Structs.Select(type => type.Name).Except(AbiTable.Instance.Structs.Keys, StringComparer.Ordinal);
        Assert.Equal(NotInTable.Keys.Order(StringComparer.Ordinal), missing.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_lists_of_exceptions_name_nothing_that_is_gone()
    {
        Assert.All(FieldsNotInTable.Keys.Concat(Renamed.Select(entry => $"{entry.Key.Split('.')[0]}.{entry.Value}")), path =>
        {
            string[] parts = path.Split('.');
            Assert.NotNull(AbiTypes.Struct(parts[0]).GetField(parts[1]));
        });
    }

    [Fact]
    public void Structs_outside_the_table_have_the_size_of_their_header()
    {
        Assert.Equal(16, Unsafe.SizeOf<__kernel_timespec>());
        Assert.Equal(16, Unsafe.SizeOf<io_uring_buf>());
        Assert.Equal(40, Unsafe.SizeOf<io_uring_buf_reg>());
        Assert.Equal(16, Unsafe.SizeOf<io_uring_probe>());
        Assert.Equal(8, Unsafe.SizeOf<io_uring_probe_op>());
        Assert.Equal(Unsafe.SizeOf<zcrx_ctrl_export>(), Unsafe.SizeOf<zcrx_ctrl_flush_rq>());
    }

    private static int DeclaredOffset(Type type, string field)
    {
        var info = type.GetField(field) ?? throw new InvalidOperationException($"{type.Name} has no field {field}.");
        return info.GetCustomAttribute<FieldOffsetAttribute>()?.Value ?? (int)Marshal.OffsetOf(type, field);
    }

    private static int Measure(string method, Type type) =>
        (int)typeof(StructTests).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(type).Invoke(null, null)!;

    private static int SizeOf<T>()
        where T : unmanaged => Unsafe.SizeOf<T>();

    private static int AlignmentOf<T>()
        where T : unmanaged => Unsafe.SizeOf<AfterAByte<T>>() - Unsafe.SizeOf<T>();

    [StructLayout(LayoutKind.Sequential)]
    private struct AfterAByte<T>
        where T : unmanaged
    {
        public byte First;
        public T Value;
    }
}

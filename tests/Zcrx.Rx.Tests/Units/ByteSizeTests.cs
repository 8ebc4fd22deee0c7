using System.ComponentModel;
using FsCheck;
using FsCheck.Fluent;

namespace Zcrx.Rx.Tests.Units;

public class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("4096", 4096)]
    [InlineData("4096B", 4096)]
    [InlineData("64KiB", 64 << 10)]
    [InlineData("64MiB", 64 << 20)]
    [InlineData("64 MiB", 64 << 20)]
    [InlineData("  64mib ", 64 << 20)]
    [InlineData("1GiB", 1 << 30)]
    [InlineData("1.5GiB", 3L << 29)]
    [InlineData("2TiB", 2L << 40)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Sizes_are_parsed(string text, long bytes)
    {
        Assert.Equal(bytes, ByteSize.Parse(text).Bytes);
        Assert.Equal(bytes, ((ByteSize)TypeDescriptor.GetConverter(typeof(ByteSize)).ConvertFromInvariantString(text)!).Bytes);
    }

    [Theory]
    [InlineData("", "'' is not a size")]
    [InlineData("MiB", "'MiB' is not a size")]
    [InlineData("-1", "'-1' is not a size")]
    [InlineData("64MB", "'64MB' is not a size; a size is a number of bytes, or a number with one of the units B, KiB, MiB, GiB and TiB, such as 64MiB")]
    [InlineData("64M", "'64M' is not a size")]
    [InlineData("1e3", "'1e3' is not a size")]
    [InlineData("1,5GiB", "'1,5GiB' is not a size")]
    [InlineData("1.5.5GiB", "'1.5.5GiB' is not a size")]
    [InlineData("0.5", "'0.5' is not a whole number of bytes")]
    [InlineData("0.3KiB", "'0.3KiB' is not a whole number of bytes")]
    [InlineData("9223372036854775808", "'9223372036854775808' is more than 9223372036854775807 bytes")]
    [InlineData("8388608TiB", "'8388608TiB' is more than 9223372036854775807 bytes")]
    public void Invalid_size_is_refused_with_a_reason(string text, string reason)
    {
        Assert.False(ByteSize.TryParse(text, out ByteSize _, out string? error));
        Assert.StartsWith(reason, error);
        Assert.Equal(error, Assert.Throws<FormatException>(() => ByteSize.Parse(text)).Message);
    }

    [Fact]
    public void Every_size_is_equal_after_formatting_and_parsing() => Prop
        .ForAll(ArbMap.Default.GeneratorFor<NonNegativeInt>().SelectMany(_ => ArbMap.Default.GeneratorFor<int>(), static (count, shift) => (long)count.Get << (shift & 31)).ToArbitrary(), static bytes =>
        {
            ByteSize size = new(bytes);
            return ByteSize.Parse(size.ToString()) == size;
        })
        .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0, "0B")]
    [InlineData(1, "1B")]
    [InlineData(1536, "1536B")]
    [InlineData(1 << 20, "1MiB")]
    [InlineData(1536L << 20, "1536MiB")]
    [InlineData(1L << 40, "1TiB")]
    public void Sizes_are_formatted_in_the_largest_unit_that_fits(long bytes, string text) => Assert.Equal(text, new ByteSize(bytes).ToString());

    [Fact]
    public void Size_extensions_create_sizes()
    {
        long area = 256.MiB();
        Assert.Equal(256L << 20, area);
        Assert.Equal(1.GiB(), 1024.MiB());
        Assert.True(1.KiB() < 1.MiB());
        Assert.Throws<ArgumentOutOfRangeException>(() => (-1).KiB());
    }
}

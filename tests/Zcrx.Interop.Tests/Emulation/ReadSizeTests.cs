using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop.Emulation;

namespace Zcrx.Interop.Tests.Emulation;

public class ReadSizeTests
{
    private const int Fewest = 16;

    private static readonly Gen<(int Limit, int[] Percent)> Reads =
        from limit in Gen.Choose(1, 1024)
        from percent in Gen.Choose(0, 100).ArrayOf(40)
        select (limit, percent);

    [Fact]
    public void Size_stays_within_its_limit_and_follows_what_reads_fill() => Prop
        .ForAll(
            Reads.ToArbitrary(),
            static reads =>
            {
                ReadSize size = default;
                foreach (int percent in reads.Percent)
                {
                    int used = size.Buffers * percent / 100;
                    ReadSize next = size.Next(used, reads.Limit);
                    Assert.InRange(next.Buffers, Fewest, int.Max(Fewest, reads.Limit));
                    Assert.True(percent < 100 || next.Buffers >= size.Buffers, "a filled read does not shrink the next");
                    Assert.True(used < size.Buffers / 4 || next.Buffers >= size.Buffers, "a read that fills a quarter does not shrink the next");
                    Assert.True(percent == 100 || next.Buffers <= size.Buffers, "only a filled read enlarges the next");
                    size = next;
                }
            })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void Size_grows_to_the_limit_and_shrinks_to_the_fewest()
    {
        ReadSize size = default;
        for (int i = 0; i < 4; i++)
        {
            size = size.Next(size.Buffers, 512);
        }

        Assert.Equal(512, size.Buffers);
        for (int i = 0; i < 6; i++)
        {
            size = size.Next(1, 512);
        }

        Assert.Equal(Fewest, size.Buffers);
    }
}

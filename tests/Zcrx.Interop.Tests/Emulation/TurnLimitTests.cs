using Zcrx.Interop.Emulation;

namespace Zcrx.Interop.Tests.Emulation;

public class TurnLimitTests
{
    [Theory]
    [InlineData(512, int.MaxValue, 512)]
    [InlineData(512, 128, 128)]
    [InlineData(64, 128, 64)]
    [InlineData(512, 0, 1)]
    [InlineData(1024, int.MaxValue, 1024)]
    public void Limit_stays_between_one_buffer_and_that_of_the_options(int ofOptions, int set, int expected)
    {
        TurnLimit limit = new(new EmulatedKernelOptions { BuffersPerTurn = ofOptions });
        Assert.Equal(ofOptions, limit.Buffers);

        limit.Set(1);
        Assert.Equal(1, limit.Buffers);
        limit.Set(set);

        Assert.Equal(expected, limit.Buffers);
    }
}

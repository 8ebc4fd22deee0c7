using Zcrx.Interop.Multishot;

namespace Zcrx.Interop.Tests.Multishot;

public class ReceiveRulesTests
{
    private const int BufferLength = 4096;
    private const int Turn = ReceiveMethod.ManyBuffers * BufferLength;

    [Theory]
    [InlineData(true, 1000, 1000)]
    [InlineData(true, Turn, Turn)]
    [InlineData(true, 10L * Turn, Turn)]
    [InlineData(false, 10L * Turn, 10L * Turn)]
    public void Limit_of_a_receive_is_its_budget_or_one_turn_if_it_can_be_armed_again(bool callerKeepsSockets, long budget, long expected)
    {
        ReceiveRules rules = new(HasLimits: true, default, callerKeepsSockets);

        Assert.Equal(expected, rules.LimitOf(budget, BufferLength));
    }
}

using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Receiving;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Rx.Tests.Receiving;

public class TerminalResultTests
{
    private static readonly (int Result, ReceiveEnd Meaning)[] Known =
    [
        (0, ReceiveEnd.EndOfStream),
        (-ENOMEM, ReceiveEnd.NoBuffers),
        (-ENOSPC, ReceiveEnd.CompletionsFull),
        (-ECANCELED, ReceiveEnd.Cancelled),
        (-EFAULT, ReceiveEnd.ForeignMemory),
        (-ECONNRESET, ReceiveEnd.ConnectionLost),
        (-ETIMEDOUT, ReceiveEnd.ConnectionLost),
        (-ENOTCONN, ReceiveEnd.ConnectionLost),
        (-EPIPE, ReceiveEnd.ConnectionLost),
        (-ENOTSOCK, ReceiveEnd.Misuse),
        (-EBADF, ReceiveEnd.Misuse),
        (-EPROTONOSUPPORT, ReceiveEnd.Misuse),
        (-EINVAL, ReceiveEnd.Misuse),
        (-EOPNOTSUPP, ReceiveEnd.Misuse),
        (1, ReceiveEnd.ConnectionLost),
        (int.MinValue, ReceiveEnd.ConnectionLost),
        (int.MaxValue, ReceiveEnd.ConnectionLost),
    ];

    [Fact]
    public void Known_results_are_classified() =>
        Assert.All(Known, static known => Assert.Equal(known.Meaning, TerminalResult.Classify(known.Result, isBudgetUsedUp: false)));

    [Fact]
    public void Zero_after_a_used_up_budget_is_no_end_of_the_stream() =>
        Assert.Equal(ReceiveEnd.BudgetUsedUp, TerminalResult.Classify(0, isBudgetUsedUp: true));

    [Fact]
    public void Every_result_is_classified_and_only_zero_ends_a_stream_without_an_error() => Prop
        .ForAll(
            Gen.OneOf(Gen.Choose(-200, 10), Gen.Choose(int.MinValue, int.MaxValue)).ToArbitrary(),
            ArbMap.Default.GeneratorFor<bool>().ToArbitrary(),
            static (result, isBudgetUsedUp) =>
            {
                ReceiveEnd end = TerminalResult.Classify(result, isBudgetUsedUp);
                Assert.True(Enum.IsDefined(end));
                Assert.Equal(result == 0 && !isBudgetUsedUp, end == ReceiveEnd.EndOfStream);
                Assert.Equal(result == 0 && isBudgetUsedUp, end == ReceiveEnd.BudgetUsedUp);
            })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(5000));
}

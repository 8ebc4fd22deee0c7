using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Classifies the result of the last completion of a receive, which is the one without F_MORE. Accepts every value, and has no side
/// effects.
/// </summary>
internal static class TerminalResult
{
    /// <param name="result">The result of the completion.</param>
    /// <param name="isBudgetUsedUp">
    /// Whether the request has delivered its whole budget. If so, a result of 0 does not mean the end of the stream.
    /// </param>
    public static ReceiveEnd Classify(int result, bool isBudgetUsedUp) => result switch
    {
        0 when isBudgetUsedUp => ReceiveEnd.BudgetUsedUp,
        0 => ReceiveEnd.EndOfStream,
        -ENOMEM => ReceiveEnd.NoBuffers,
        -ENOSPC => ReceiveEnd.CompletionsFull,
        -ECANCELED => ReceiveEnd.Cancelled,
        -EFAULT => ReceiveEnd.ForeignMemory,
        -EBADF or -ENOTSOCK or -EPROTONOSUPPORT or -EINVAL or -EOPNOTSUPP => ReceiveEnd.Misuse,
        // A last completion never has a positive result, because that means data. Such a result, or an unknown errno, fails this connection
        // only and not the queue.
        _ => ReceiveEnd.ConnectionLost,
    };
}

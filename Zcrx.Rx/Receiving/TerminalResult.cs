using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Classifies the result of a receive's last completion (the one without F_MORE). Accepts every value, and has no side effects.
/// </summary>
internal static class TerminalResult
{
    /// <param name="result">The completion's result.</param>
    /// <param name="isBudgetUsedUp">
    /// Whether the request has delivered its whole budget. Zero then does not mean the end of the stream.
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
        // A positive result belongs to data and never ends a request. Like an unknown errno, it fails this connection and not the queue.
        _ => ReceiveEnd.ConnectionLost,
    };
}

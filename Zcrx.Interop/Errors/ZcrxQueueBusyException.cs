namespace Zcrx.Interop;

/// <summary>The RX queue belongs to somebody else: another zero-copy user, AF_XDP, or an XDP program on its interface.</summary>
/// <remarks>Worth another attempt later: the queue is free as soon as its holder closes it or dies.</remarks>
public sealed class ZcrxQueueBusyException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxQueueBusyException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}

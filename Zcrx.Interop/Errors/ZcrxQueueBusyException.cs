namespace Zcrx.Interop;

/// <summary>Thrown when the RX queue is in use by another zero-copy receiver, by AF_XDP, or by an XDP program on its interface.</summary>
/// <remarks>A retry can succeed once the process that uses the queue closes it or ends.</remarks>
public sealed class ZcrxQueueBusyException : ZcrxException
{
    /// <inheritdoc cref="ZcrxException(string, int, string, string, Exception?)"/>
    public ZcrxQueueBusyException(string operation, int errorNumber, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException)
    {
    }
}

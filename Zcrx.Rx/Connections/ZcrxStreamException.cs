using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>Represents the error that observers receive when a connection's stream ends before the peer has ended it.</summary>
/// <remarks>All bytes up to <see cref="StreamOffset"/> were delivered in order, and no later ones. The socket is closed.</remarks>
public sealed class ZcrxStreamException : ZcrxException
{
    /// <summary>Initializes the exception.</summary>
    /// <param name="operation">The operation that failed, as the start of a sentence.</param>
    /// <param name="errorNumber">The kernel's errno, positive or negative; 0 when the kernel did not end the stream.</param>
    /// <param name="streamOffset">The number of bytes that were delivered.</param>
    /// <param name="cause">The cause, as a clause without a full stop.</param>
    /// <param name="fix">The likely fix, as a sentence without a full stop, or an empty string.</param>
    /// <param name="innerException">The exception that caused this one; null for none.</param>
    public ZcrxStreamException(string operation, int errorNumber, long streamOffset, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException) => StreamOffset = streamOffset;

    /// <summary>Gets the number of bytes of the stream that were delivered.</summary>
    public long StreamOffset { get; }
}

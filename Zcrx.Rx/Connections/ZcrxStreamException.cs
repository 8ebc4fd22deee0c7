using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>A connection's stream ended without the peer having said so.</summary>
/// <remarks>Everything up to <see cref="StreamOffset"/> was delivered, in order; nothing after it was. The socket is closed.</remarks>
public sealed class ZcrxStreamException : ZcrxException
{
    /// <summary>A broken stream.</summary>
    /// <param name="operation">What was being done, as the start of a sentence.</param>
    /// <param name="errorNumber">The kernel's errno, of either sign; 0 when the kernel did not end it.</param>
    /// <param name="streamOffset">Bytes that were delivered.</param>
    /// <param name="cause">Why it ended: a clause without a full stop.</param>
    /// <param name="fix">What would help; empty when nothing is known to.</param>
    /// <param name="innerException">What led to this, if anything.</param>
    public ZcrxStreamException(string operation, int errorNumber, long streamOffset, string cause, string fix, Exception? innerException = null)
        : base(operation, errorNumber, cause, fix, innerException) => StreamOffset = streamOffset;

    /// <summary>Bytes of the stream that were delivered before it broke.</summary>
    public long StreamOffset { get; }
}

using Zcrx.Interop;

namespace Zcrx.Rx.Framing;

/// <summary>Represents a consumer of frames that bounds the waiting bytes. Called on the thread that cuts the stream.</summary>
internal interface IFrameGate
{
    /// <summary>
    /// Determines whether a frame may be delivered now. If not, the consumer pauses the source until the consumer has room.
    /// </summary>
    /// <param name="source">The source to pause.</param>
    /// <param name="length">The number of bytes of the frame.</param>
    bool Admits(IBufferSource source, long length);
}

using Zcrx.Interop;

namespace Zcrx.Rx.Framing;

/// <summary>
/// Represents a consumer of frames that limits how many bytes may wait for it. Called on the thread that cuts the stream.
/// </summary>
internal interface IFrameGate
{
    /// <summary>Determines whether the consumer has room for a frame. If not, the consumer pauses the source until it has room.</summary>
    /// <param name="source">The source of the frame, which is paused if necessary.</param>
    /// <param name="length">The number of bytes of the frame.</param>
    bool Admits(IBufferSource source, long length);
}

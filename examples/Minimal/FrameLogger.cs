using Microsoft.Extensions.Logging;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Minimal;

/// <summary>Logs the frames of one connection. The container creates one for every connection.</summary>
internal sealed partial class FrameLogger(ILogger<FrameLogger> logger) : IZcrxConnectionHandler
{
    private long _frames;

    public IDisposable Handle(ZcrxConnection connection) => connection.Buffers
        .Frames(LengthPrefix.UInt32BigEndian, maxLength: 1.MiB())
        .Subscribe(
            OnFrame,
            error => Broken(logger, connection.RemoteEndPoint, _frames, error.Message),
            () => Complete(logger, connection.RemoteEndPoint, _frames));

    // The frame is in the buffers that the NIC or the kernel filled. It is valid until this method returns.
    private void OnFrame(ReceivedFrame frame)
    {
        _frames++;
        Received(logger, _frames, frame.Length);
    }

    [LoggerMessage(1, LogLevel.Information, "Frame {Number} has {Length} bytes.")]
    private static partial void Received(ILogger logger, long number, long length);

    [LoggerMessage(2, LogLevel.Information, "{Peer} sent {Frames} frames.")]
    private static partial void Complete(ILogger logger, System.Net.EndPoint? peer, long frames);

    [LoggerMessage(3, LogLevel.Warning, "{Peer} broke off after {Frames} frames: {Reason}")]
    private static partial void Broken(ILogger logger, System.Net.EndPoint? peer, long frames, string reason);
}

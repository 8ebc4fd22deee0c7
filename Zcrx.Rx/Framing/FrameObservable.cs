using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Streams;

namespace Zcrx.Rx.Framing;

/// <summary>Cuts a connection's buffers into frames for its observers. Each subscription has its own state.</summary>
internal sealed class FrameObservable<TCutter>(IObservable<ReceivedBuffer> source, TCutter cutter, int maxLength, FramingOptions options)
    : IObservable<ReceivedFrame>, IConnectionSource
    where TCutter : struct, IFrameCutter
{
    public BufferHolder? Holder => (source as IConnectionSource)?.Holder;

    public IDisposable Subscribe(IObserver<ReceivedFrame> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        FrameObserver<TCutter> frames = new(observer, cutter, maxLength, options);
        try
        {
            frames.Connect(source.Subscribe(frames));
        }
        catch
        {
            // The source may have delivered buffers before its Subscribe method threw. Those buffers are released here.
            frames.Dispose();
            throw;
        }

        return frames;
    }
}

using Zcrx.Actors;
using Zcrx.Rx;

namespace Zcrx.AspNetCore;

/// <summary>Contains the options of the Kestrel transport; see <see cref="ZcrxWebHostBuilderExtensions.UseZcrx"/>.</summary>
public sealed class ZcrxTransportOptions
{
    /// <summary>
    /// Gets or sets the function that returns the <see cref="IZcrx"/> whose queues receive. With null, the <see cref="IZcrx"/> of the
    /// application's services is used, and its queues are shared with the service's own listeners.
    /// </summary>
    /// <remarks>
    /// For separate queues, return the <see cref="IZcrx"/> of another host in this process. The application must start that host before
    /// Kestrel, and stop it after Kestrel.
    /// </remarks>
    public Func<IServiceProvider, IZcrx>? Zcrx { get; set; }

    /// <summary>Gets or sets how many received buffers of one connection may wait for Kestrel: 256 by default.</summary>
    /// <remarks>
    /// At this limit receiving pauses, and TCP slows the client down. The bytes in these buffers have a limit of their own:
    /// <c>KestrelServerLimits.MaxRequestBufferSize</c>, 1 MiB by default. The first limit that is reached applies.
    /// </remarks>
    public int MaxQueuedBuffers { get; set; } = 256;

    /// <summary>Gets or sets the maximum number of received bytes that Kestrel has not examined yet. The default is 256 KiB.</summary>
    /// <remarks>
    /// A read takes received buffers until it reaches this number, so the last buffer may exceed it. Bytes that Kestrel has examined and
    /// not consumed do not count. The next read returns them again.
    /// </remarks>
    public long MaxReadBytes { get; set; } = 256 << 10;

    /// <summary>
    /// Gets or sets how many buffers of one connection stay leased while Kestrel waits for more bytes, for example for the end of a header.
    /// The default is 16. The bytes of further buffers are copied.
    /// </summary>
    /// <remarks>
    /// Slow clients together lease up to this number times their connections. With the default, 1,024 slow clients lease 16,384 buffers,
    /// which is the whole default pool. Choose an area that is larger than the product, limit the connections by
    /// <see cref="ConfigureListener"/>, or set a lower number. With 0, slow clients lease nothing.
    /// </remarks>
    public int MaxLeasedBuffers { get; set; } = 16;

    /// <summary>
    /// Gets or sets how many bytes that Kestrel has written may wait to be sent: 64 KiB by default, as with Kestrel's own
    /// transport. A flush beyond that waits.
    /// </summary>
    public long MaxWriteBytes { get; set; } = 64 << 10;

    /// <summary>
    /// Gets or sets the action that configures each port before it is bound: connection limits, keep-alive, socket options. Null for none.
    /// </summary>
    /// <remarks>
    /// Kestrel has timeouts of its own, so <see cref="ZcrxListenOptions.FirstByteTimeout"/> and
    /// <see cref="ZcrxListenOptions.IdleTimeout"/> are off before this action is called. The address and the handler belong to the
    /// transport. The name is <c>kestrel-0</c> for the first port, <c>kestrel-1</c> for the second, and may be changed.
    /// </remarks>
    public Action<ZcrxListenerOptions>? ConfigureListener { get; set; }
}

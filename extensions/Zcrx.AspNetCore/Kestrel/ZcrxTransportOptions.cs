using Zcrx.Actors;
using Zcrx.Rx;

namespace Zcrx.AspNetCore;

/// <summary>Contains the options of the Kestrel transport; see <see cref="ZcrxWebHostBuilderExtensions.UseZcrx"/>.</summary>
public sealed class ZcrxTransportOptions
{
    /// <summary>Gets or sets how many received buffers of one connection may wait for Kestrel: 256 by default.</summary>
    /// <remarks>At this limit receiving pauses, and TCP slows the client down.</remarks>
    public int MaxQueuedBuffers { get; set; } = 256;

    /// <summary>Gets or sets the maximum number of bytes that one read returns to Kestrel: 256 KiB by default.</summary>
    public long MaxReadBytes { get; set; } = 256 << 10;

    /// <summary>
    /// Gets or sets how many buffers of one connection stay leased after Kestrel has examined them and waits for more bytes, for example during an incomplete header: 16 by
    /// default. The bytes of further buffers are copied: a slow client then does not hold buffers of the pool.
    /// </summary>
    public int MaxLeasedBuffers { get; set; } = 16;

    /// <summary>
    /// Gets or sets the action that configures each port before it is bound: connection limits, keep-alive, socket options. Null for none.
    /// </summary>
    /// <remarks>
    /// Kestrel has timeouts of its own, so <see cref="ZcrxListenOptions.FirstByteTimeout"/> and <see cref="ZcrxListenOptions.IdleTimeout"/> are off before this action is called.
    /// The address and the handler belong to the transport. The name is <c>kestrel-0</c> for the first port, <c>kestrel-1</c> for the second, and may be changed.
    /// </remarks>
    public Action<ZcrxListenerOptions>? ConfigureListener { get; set; }
}

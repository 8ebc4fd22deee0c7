using Zcrx.Actors;
using Zcrx.Rx;

namespace Zcrx.AspNetCore;

/// <summary>Contains the options of the Kestrel transport; see <see cref="ZcrxWebHostBuilderExtensions.UseZcrx"/>.</summary>
public sealed class ZcrxTransportOptions
{
    /// <summary>Gets or sets how many received buffers of one connection may wait for Kestrel: 256 by default. Then receiving stops, and TCP slows the client down.</summary>
    public int MaxQueuedBuffers { get; set; } = 256;

    /// <summary>Gets or sets the most bytes that one read hands to Kestrel: 256 KiB by default.</summary>
    public long MaxReadBytes { get; set; } = 256 << 10;

    /// <summary>
    /// Gets or sets how many buffers of one connection may stay leased after Kestrel has looked at them and waits for more, such as those of an incomplete header: 16 by
    /// default. The bytes of more are copied, so that a slow client does not hold buffers of the pool.
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

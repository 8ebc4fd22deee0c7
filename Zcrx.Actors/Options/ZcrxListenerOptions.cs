using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>A listening socket, and what becomes of its connections.</summary>
public sealed class ZcrxListenerOptions
{
    /// <summary>What the listener is called in logs, messages and status; by default its address.</summary>
    public string? Name { get; set; }

    /// <summary>Where: <c>[::]:9000</c> (IPv4 too), <c>127.0.0.1:9000</c>, <c>*:9000</c>, <c>localhost:9000</c>. Port 0 lets the kernel choose.</summary>
    public string EndPoint { get; set; } = "";

    /// <summary>Connections that may wait to be accepted.</summary>
    public int Backlog { get; set; } = 4096;

    /// <summary>
    /// Called with every connection, on the ring's thread: subscribe and return the subscription, which is disposed when the
    /// connection has closed. An exception costs that connection only.
    /// </summary>
    public Func<ZcrxConnection, IDisposable>? Handler { get; set; }

    /// <summary>The name, or what stands for it.</summary>
    internal string EffectiveName => string.IsNullOrWhiteSpace(Name) ? EndPoint : Name;
}

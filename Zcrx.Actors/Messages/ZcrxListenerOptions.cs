using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Contains the options of a listener: its address, its connection handler, and all <see cref="ZcrxListenOptions"/>.</summary>
public sealed class ZcrxListenerOptions : ZcrxListenOptions
{
    /// <summary>Gets or sets the name of the listener in logs, messages and status. The default is its address.</summary>
    public string? Name { get; set; }

    /// <summary>
    /// Gets or sets the address: <c>[::]:9000</c> (IPv4 too), <c>127.0.0.1:9000</c>, <c>*:9000</c>, <c>localhost:9000</c>. With port 0,
    /// the kernel chooses the port.
    /// </summary>
    public string EndPoint { get; set; } = "";

    /// <summary>
    /// Gets or sets the handler. It is called with every connection, on the ring thread. It subscribes, and returns the subscription. The
    /// subscription is disposed when the connection is closed. An exception of the handler ends only that connection.
    /// </summary>
    public Func<ZcrxConnection, IDisposable>? Handler { get; set; }

    /// <summary>Gets the name, or the address if there is no name.</summary>
    internal string EffectiveName => string.IsNullOrWhiteSpace(Name) ? EndPoint : Name;

    /// <summary>Returns the same options with another name.</summary>
    internal ZcrxListenerOptions Named(string name)
    {
        ZcrxListenerOptions named = (ZcrxListenerOptions)MemberwiseClone();
        named.Name = name;
        return named;
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Zcrx.Actors;
using Zcrx.Interop;

namespace Zcrx.AspNetCore.Kestrel;

/// <summary>Binds the TCP ports of Kestrel as listeners of Zcrx.</summary>
/// <param name="services">Provides <see cref="IZcrx"/>. If it is missing, the error says how to add it.</param>
/// <param name="options">The options of the transport.</param>
/// <param name="kestrel">The options of Kestrel, whose limit of the request buffer applies to each connection.</param>
[SuppressMessage("Performance", "CA1812", Justification = "The container creates it.")]
internal sealed class ZcrxConnectionListenerFactory(IServiceProvider services, IOptions<ZcrxTransportOptions> options, IOptions<KestrelServerOptions> kestrel)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private int _bound;

    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (endpoint is not IPEndPoint address)
        {
            throw new NotSupportedException($"Zcrx receives TCP connections only, not those of {endpoint}. Kestrel's own transport serves it.");
        }

        ZcrxTransportOptions transport = options.Value;
        IZcrx zcrx = transport.Zcrx?.Invoke(services) ?? services.GetService<IZcrx>() ?? throw new InvalidOperationException("UseZcrx finds no IZcrx. Add the queues with services.AddZcrx(…), or with akka.WithZcrx(…) and services.AddZcrx().");
        ZcrxConnectionListener listener = new(transport, kestrel.Value.Limits.MaxRequestBufferSize ?? long.MaxValue);
        ZcrxListenerOptions port = new()
        {
            // The name is a number, not the address: two ports that the kernel chooses have the same configured address.
            Name = $"kestrel-{Interlocked.Increment(ref _bound) - 1}",
            FirstByteTimeout = Timeout.InfiniteTimeSpan,
            IdleTimeout = Timeout.InfiniteTimeSpan,
        };
        transport.ConfigureListener?.Invoke(port);
        port.EndPoint = address.ToString();
        port.Handler = listener.Handle;
        try
        {
            await listener.BindAsync(zcrx, port, cancellationToken).ConfigureAwait(false);
            return listener;
        }
        catch (ZcrxException exception) when (exception.ErrorName == "EADDRINUSE")
        {
            // Kestrel recognizes this type and reports the address as in use.
            throw new AddressInUseException(exception.Message, exception);
        }
    }
}

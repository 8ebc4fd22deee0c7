using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Zcrx.Actors;
using Zcrx.Actors.Hosting;
using Zcrx.AspNetCore.Kestrel;

namespace Zcrx.AspNetCore;

/// <summary>Contains the method that adds the Kestrel transport.</summary>
public static class ZcrxWebHostBuilderExtensions
{
    /// <summary>Configures Kestrel to receive and send its TCP connections through the queues of Zcrx.</summary>
    /// <param name="builder">The builder of the web host.</param>
    /// <param name="configure">Configures the transport; null for the defaults.</param>
    /// <returns>The builder.</returns>
    /// <remarks>
    /// The queues come from <see cref="ZcrxServiceCollectionExtensions.AddZcrx(IServiceCollection, Action{ZcrxBuilder})"/> or
    /// <c>WithZcrx</c> and are shared with the service's own listeners, unless <see cref="ZcrxTransportOptions.Zcrx"/> is set. They
    /// must start before Kestrel; a <c>WebApplication</c> ensures this order. Kestrel's own transports still serve Unix sockets, named
    /// pipes, file handles and QUIC.
    /// </remarks>
    public static IWebHostBuilder UseZcrx(this IWebHostBuilder builder, Action<ZcrxTransportOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.ConfigureServices(services =>
        {
            OptionsBuilder<ZcrxTransportOptions> options = services.AddOptions<ZcrxTransportOptions>();
            options
                .Validate(static options => options.MaxQueuedBuffers > 0, $"{nameof(ZcrxTransportOptions.MaxQueuedBuffers)} must be positive: nothing could be received otherwise.")
                .Validate(static options => options.MaxReadBytes > 0, $"{nameof(ZcrxTransportOptions.MaxReadBytes)} must be positive: nothing could be read otherwise.")
                .Validate(static options => options.MaxLeasedBuffers >= 0, $"{nameof(ZcrxTransportOptions.MaxLeasedBuffers)} must not be negative. With 0 every incomplete request is copied.")
                .Validate(static options => options.MaxWriteBytes > 0, $"{nameof(ZcrxTransportOptions.MaxWriteBytes)} must be positive: nothing could be sent otherwise.")
                .ValidateOnStart();
            if (configure is not null)
            {
                options.Configure(configure);
            }

            // Kestrel tries the factories in reverse order of registration.
            services.AddSingleton<IConnectionListenerFactory, ZcrxConnectionListenerFactory>();
        });
    }
}

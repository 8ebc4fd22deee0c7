using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Receives with a ConnectionHandler over Kestrel's socket transport, with its default settings.</summary>
internal sealed class KestrelReceiver : IReceiver
{
    private WebApplication? _application;

    public string Note => "";

    public async Task<int> StartAsync(Meter meter)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(meter);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(
            static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.UseConnectionHandler<Handler>()));
        _application = builder.Build();
        await _application.StartAsync();
        return new Uri(_application.Urls.Single()).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (_application is not null)
        {
            // An orderly stop would wait for the connections, which the sender keeps open until this process has ended.
            await _application.StopAsync(new CancellationToken(canceled: true));
            await _application.DisposeAsync();
        }
    }

    private sealed class Handler(Meter meter) : ConnectionHandler
    {
        public override async Task OnConnectedAsync(ConnectionContext connection)
        {
            ConnectionMeter counts = meter.Next();
            PipeReader input = connection.Transport.Input;
            while (true)
            {
                ReadResult result = await input.ReadAsync();
                foreach (ReadOnlyMemory<byte> piece in result.Buffer)
                {
                    counts.Count(piece.Span);
                }

                input.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    return;
                }
            }
        }
    }
}

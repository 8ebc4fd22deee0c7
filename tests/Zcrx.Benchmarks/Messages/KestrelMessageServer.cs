using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Serves small messages with a ConnectionHandler over Kestrel's socket transport.</summary>
internal static class KestrelMessageServer
{
    public static async Task<int> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(
            static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.UseConnectionHandler<Handler>()));
        WebApplication application = builder.Build();
        await application.StartAsync();
        return new Uri(application.Urls.Single()).Port;
    }

    private sealed class Handler : ConnectionHandler
    {
        public override async Task OnConnectedAsync(ConnectionContext connection)
        {
            Exchange exchange = new();
            PipeReader input = connection.Transport.Input;
            PipeWriter output = connection.Transport.Output;
            while (true)
            {
                ReadResult result = await input.ReadAsync();
                foreach (ReadOnlyMemory<byte> piece in result.Buffer)
                {
                    output.Advance(exchange.Answer(piece.Span, output.GetSpan(Exchange.LengthOfReplies(piece.Length))));
                }

                input.AdvanceTo(result.Buffer.End);
                await output.FlushAsync();
                if (result.IsCompleted)
                {
                    return;
                }
            }
        }
    }
}

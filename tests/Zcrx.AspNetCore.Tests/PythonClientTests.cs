using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Zcrx.AspNetCore.Tests;

/// <summary>
/// Tests that WebSocket and gRPC clients without .NET get the same results from the transport of Zcrx as from that of Kestrel.
/// </summary>
public sealed class PythonClientTests
{
    private static readonly string[] WebSocketResults =
    [
        "text: Grüße", "empty: 0", "binary: True", "fragments: True", "pong: received", "pipelined: True", "close: 1000", "reset: 1006", "at once: True",
    ];

    private static readonly string[] GrpcResults =
    [
        "unary: b'hello'", "large: True", "server streaming: True", "client streaming: True", "both ways: True", "trailers: given",
        "status: FAILED_PRECONDITION Refused for the test.", "unknown: UNIMPLEMENTED", "deadline: DEADLINE_EXCEEDED", "cancelled: CANCELLED", "too large: RESOURCE_EXHAUSTED", "at once: True",
    ];

    public static TheoryData<string, bool> TransportsAndTls => new()
    {
        { WebServer.Sockets, false }, { WebServer.OnZcrx, false }, { WebServer.Sockets, true }, { WebServer.OnZcrx, true },
    };

    [SkippableTheory]
    [MemberData(nameof(TransportsAndTls))]
    public async Task Python_websockets_gets_every_message_and_the_close(string transport, bool tls)
    {
        await using WebServer server = await WebServer.StartAsync(transport, tls);

        string output = await ForeignProgram.RunPythonAsync("websockets", "python3-websockets", "websocket_client.py", WebServer.CertificatePem, $"{(tls ? "wss" : "ws")}://localhost:{server.EndPoint.Port}/ws");

        Assert.Equal(WebSocketResults, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [SkippableTheory]
    [MemberData(nameof(TransportsAndTls))]
    public async Task Python_grpcio_gets_every_reply_and_status(string transport, bool tls)
    {
        await using WebServer server = await WebServer.StartAsync(
            transport, tls, tls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http2, static builder => builder.Services.AddGrpc(), static app => app.MapGrpcService<EchoService>());

        string output = await ForeignProgram.RunPythonAsync("grpc", "python3-grpcio", "grpc_client.py", tls ? WebServer.CertificatePem : "", $"{server.EndPoint}");

        Assert.Equal(GrpcResults, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}

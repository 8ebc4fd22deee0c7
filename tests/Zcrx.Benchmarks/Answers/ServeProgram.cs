using System.Globalization;
using System.Net;
using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Answers;

/// <summary>Runs the server process. It prints its endpoint and serves until it is killed.</summary>
internal static class ServeProgram
{
    /// <param name="args">"resp" or "proxy", then the kind of server. For a proxy, the port of its target follows.</param>
    public static async Task<int> RunAsync(ReadOnlyMemory<string> args)
    {
        string kind = args.Span[1];
        IPEndPoint endPoint = args.Span[0] switch
        {
            "resp" => await RespServers.StartAsync(kind),
            "proxy" => await ProxyServers.StartAsync(kind, new IPEndPoint(IPAddress.Loopback, int.Parse(args.Span[2], CultureInfo.InvariantCulture))),
            string other => throw new ArgumentException($"There is no server '{other}'.", nameof(args)),
        };
        Console.WriteLine($"{ReceiverProgram.ListeningPrefix}{endPoint.Port}");
        await Console.In.ReadLineAsync();
        return 0;
    }
}

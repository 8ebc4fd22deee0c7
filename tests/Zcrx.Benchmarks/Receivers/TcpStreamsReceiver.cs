using System.Net;
using Akka.Actor;
using Akka.Configuration;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Receives with <c>Tcp()</c> of Akka.Streams. Each connection has one flow.</summary>
/// <param name="isFramed">True if the elements are frames, false if they are byte strings of any length.</param>
/// <param name="bufferLength">The size of the receive buffer, or null for Akka's default (512 bytes).</param>
internal sealed class TcpStreamsReceiver(bool isFramed, int? bufferLength) : IReceiver
{
    private ActorSystem? _system;

    public string Note => "";

    public async Task<int> StartAsync(Meter meter)
    {
        string buffers = bufferLength is { } length ? $"akka.io.tcp.disabled-buffer-pool.buffer-size = {length}" : "";
        Config config = ConfigurationFactory.ParseString($"akka.loglevel = ERROR\n{buffers}");
        _system = ActorSystem.Create("bench", config);
        IMaterializer materializer = _system.Materializer();
        Tcp.ServerBinding binding = await _system.TcpStream().Bind(LoopbackListener.AnyPort.Address.ToString(), 0, LoopbackListener.Backlog)
            .To(Sink.ForEach<Tcp.IncomingConnection>(connection => connection.HandleWith(StreamHandlers.Count(meter.Next(), isFramed), materializer)))
            .Run(materializer);
        return ((IPEndPoint)binding.LocalAddress).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (_system is not null)
        {
            await _system.Terminate();
        }
    }
}

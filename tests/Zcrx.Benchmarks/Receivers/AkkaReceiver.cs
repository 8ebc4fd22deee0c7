using Akka.Actor;
using Akka.Configuration;
using Akka.IO;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Receives with the TCP manager of Akka.IO and one actor per connection, as actor applications usually do.</summary>
/// <param name="bufferLength">The size of the receive buffer, or null for Akka's default (512 bytes).</param>
internal sealed class AkkaReceiver(int? bufferLength) : IReceiver
{
    private ActorSystem? _system;

    public string Note => "";

    public async Task<int> StartAsync(Meter meter)
    {
        string buffers = bufferLength is { } length ? $"akka.io.tcp.disabled-buffer-pool.buffer-size = {length}" : "";
        Config config = ConfigurationFactory.ParseString($"akka.loglevel = WARNING\n{buffers}");
        _system = ActorSystem.Create("bench", config);
        TaskCompletionSource<int> port = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = _system.ActorOf(Props.Create(() => new AkkaListener(meter, port)), "listener");
        return await port.Task;
    }

    public async ValueTask DisposeAsync()
    {
        if (_system is not null)
        {
            await _system.Terminate();
        }
    }
}

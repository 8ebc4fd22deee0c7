using System.Collections.Concurrent;
using Zcrx.Rx;

namespace Zcrx.Chaos.Soak;

/// <summary>Contains all consumers. They are found by the port of their sender.</summary>
internal sealed class ChaosConsumers(ChaosTally tally)
{
    private readonly ConcurrentDictionary<int, ChaosConsumer> _consumers = new();

    public ICollection<ChaosConsumer> All => _consumers.Values;

    public IDisposable Handle(ZcrxConnection connection)
    {
        ChaosConsumer consumer = new(connection, tally);
        _consumers[consumer.Stream] = consumer;
        return consumer;
    }

    public ChaosConsumer? Find(int stream) => _consumers.GetValueOrDefault(stream);

    public void Forget(int stream) => _consumers.TryRemove(stream, out _);
}

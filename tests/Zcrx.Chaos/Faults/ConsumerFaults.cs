using Zcrx.Chaos.Soak;

namespace Zcrx.Chaos.Faults;

/// <summary>Makes consumers misbehave on the ring thread: one throws, one blocks for ever.</summary>
internal sealed class ConsumerFaults(ChaosConsumers consumers)
{
    /// <summary>The name of the fault that stops a ring thread.</summary>
    public const string Blocking = "consumer blocked for ever";

    private ChaosConsumer? _blocked;

    /// <summary>Makes a consumer throw at its next buffer.</summary>
    public bool Throw(Random random) => Pick(random) is { } victim && victim.ThrowNext();

    /// <summary>Makes a consumer block its ring thread at its next buffer. The previous one that blocked returns, long after its queue was abandoned.</summary>
    public bool Block(Random random)
    {
        // One at a time, until its queue was abandoned. It then returns, which must have no effect.
        if (_blocked is { Ended.IsCompleted: false, Connection.Closed.IsCompleted: false } || Pick(random) is not { } victim)
        {
            return false;
        }

        _blocked?.Unblock();
        _blocked = victim;
        return victim.BlockNext();
    }

    /// <summary>Lets the blocked consumer return.</summary>
    public void Relent() => _blocked?.Unblock();

    private ChaosConsumer? Pick(Random random)
    {
        ChaosConsumer[] all = [.. consumers.All.Where(static consumer => !consumer.Ended.IsCompleted)];
        return all.Length == 0 ? null : all[random.Next(all.Length)];
    }
}

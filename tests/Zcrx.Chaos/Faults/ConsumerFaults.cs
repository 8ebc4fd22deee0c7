using Zcrx.Chaos.Soak;

namespace Zcrx.Chaos.Faults;

/// <summary>Makes consumers throw in OnNext, or block their ring thread there.</summary>
internal sealed class ConsumerFaults(ChaosConsumers consumers)
{
    /// <summary>The name of the fault that blocks a ring thread.</summary>
    public const string Blocking = "consumer blocked for ever";

    private ChaosConsumer? _blocked;

    /// <summary>Makes a consumer throw at its next buffer.</summary>
    public bool Throw(Random random) => Pick(random) is { } victim && victim.ThrowNext();

    /// <summary>
    /// Makes a consumer block its ring thread at its next buffer. First unblocks the previous one, whose queue has been abandoned.
    /// </summary>
    public bool Block(Random random)
    {
        // Only one consumer blocks at a time. The previous one returns after its queue was abandoned, and this late return must have no
        // effect.
        if (_blocked is { Ended.IsCompleted: false, Connection.Closed.IsCompleted: false } || Pick(random) is not { } victim)
        {
            return false;
        }

        _blocked?.Unblock();
        _blocked = victim;
        return victim.BlockNext();
    }

    /// <summary>Unblocks the consumer that blocks, if there is one.</summary>
    public void Relent() => _blocked?.Unblock();

    private ChaosConsumer? Pick(Random random)
    {
        ChaosConsumer[] all = [.. consumers.All.Where(static consumer => !consumer.Ended.IsCompleted)];
        return all.Length == 0 ? null : all[random.Next(all.Length)];
    }
}

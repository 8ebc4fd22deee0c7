using Akka.Actor;
using Zcrx.Actors;
using Zcrx.Chaos.Soak;
using Zcrx.Interop.Abi;
using Zcrx.Rx;

namespace Zcrx.Chaos.Faults;

/// <summary>Injects random faults. Threading: one thread at a time.</summary>
internal sealed class FaultInjector
{
    /// <summary>The name of the fault that removes a real interface. <see cref="NicRemover"/> injects it.</summary>
    public const string Removal = "NIC removed and restored";

    // The drain time of a restart that the application requests. It does not apply if the next ring continues with the registration.
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(2);

    private static readonly int[] RegistrationErrors = [Errno.ENOMEM, Errno.EBUSY, Errno.EIO];

    private readonly Random _random;
    private readonly IReadOnlyList<QueueUnderFire> _queues;
    private readonly ChaosConsumers _consumers;
    private readonly ActorSystem _system;
    private readonly IActorRef _supervisor;
    private readonly ChaosTally _tally;

    public FaultInjector(Random random, IReadOnlyList<QueueUnderFire> queues, ChaosConsumers consumers, ActorSystem system, IActorRef supervisor, ChaosTally tally, IReadOnlyList<string> only, IEnumerable<ChaosFault> more)
    {
        _random = random;
        _queues = queues;
        _consumers = consumers;
        _system = system;
        _supervisor = supervisor;
        _tally = tally;
        ChaosFault[] all = [.. Everywhere(), .. more, .. queues[0].Plan is null ? OnRealKernels() : OnTheEmulation()];
        if (only.FirstOrDefault(name => !Array.Exists(all, fault => fault.Name == name)) is { } unknown)
        {
            throw new ArgumentException($"There is no fault '{unknown}'; there are {string.Join(", ", all.Select(static fault => $"'{fault.Name}'"))}.", nameof(only));
        }

        // A fault of weight 0 is never chosen at random. Another class looks it up in this list to inject it. The list therefore always
        // includes such faults.
        Faults = only.Count == 0 ? all : [.. all.Where(fault => fault.Weight == 0 || only.Contains(fault.Name))];
    }

    public IReadOnlyList<ChaosFault> Faults { get; }

    /// <summary>Injects one fault, chosen at random.</summary>
    public void InjectOne()
    {
        int weight = _random.Next(Faults.Sum(static fault => fault.Weight));
        foreach (ChaosFault fault in Faults)
        {
            weight -= fault.Weight;
            if (weight < 0)
            {
                fault.Count += fault.Inject(_random) ? 1 : 0;
                return;
            }
        }
    }

    /// <summary>Injects the fault with this name, if the run includes it.</summary>
    /// <returns>False if the run does not include that fault.</returns>
    public bool TryInject(string name)
    {
        if (Faults.FirstOrDefault(fault => fault.Name == name) is not { } fault)
        {
            return false;
        }

        fault.Count += fault.Inject(_random) ? 1 : 0;
        return true;
    }

    /// <summary>Ends all faults that last, so that streams can complete.</summary>
    public void Relent()
    {
        foreach (QueueUnderFire queue in _queues)
        {
            if (queue.Plan is { } plan)
            {
                plan.DropNotifications = false;
                plan.FailRegistrations(0, Errno.EIO);
            }

            RestoreNic(queue);
        }

        foreach (ChaosConsumer consumer in _consumers.All)
        {
            consumer.Thaw();
        }
    }

    private IEnumerable<ChaosFault> Everywhere() =>
    [
        new("ring thread killed", 4, random => OnOpen(random, static queue => queue.Crash(new InvalidOperationException("killed by chaos")))),
        new("planned restart", 3, random => Tell(new ZcrxCommand.RestartQueue(Any(random).Name, Drain))),
        new("planned restart, registered anew", 1, random => Tell(new ZcrxCommand.RestartQueue(Any(random).Name, Drain, RegisterAnew: true))),
        new("queue's actor killed", 2, random => Kill($"queue-{random.Next(_queues.Count)}/incarnation")),
        new("listener's actor killed", 1, _ => Kill("listener-0")),
        new("connections moved", 4, Move),
        new("consumers frozen", 4, random => Some(random, static consumer => consumer.Freeze())),
        new("consumers thawed", 6, random => Some(random, static consumer => consumer.Thaw())),
    ];

    private IEnumerable<ChaosFault> OnTheEmulation() =>
    [
        new("ring's descriptor closed", 4, random => OnPlan(random, static (_, plan) => plan.BreakRings(1))),
        new("completion lost", 1, random => OnPlan(random, static (_, plan) => plan.LoseCompletions(1))),
        new("registrations failed", 2, random => OnPlan(random, static (random, plan) => plan.FailRegistrations(random.Next(1, 4), RegistrationErrors[random.Next(RegistrationErrors.Length)]))),
        new("completion ring filled", 3, random => OnPlan(random, static (random, plan) => plan.FillCompletions(random.Next(1, 50)))),
        new("buffers exhausted", 3, random => OnPlan(random, static (random, plan) => plan.FailAllocations(random.Next(1, 50)))),
        new("completions delayed", 3, random => OnPlan(random, static (random, plan) => plan.DelayCompletions(random.Next(1, 50)))),
        new("notifications lost", 1, random => OnPlan(random, static (random, plan) => plan.DropNotifications = random.Next(2) == 0)),
        new("NIC removed or restored", 2, RemoveOrRestoreNic),
    ];

    private IEnumerable<ChaosFault> OnRealKernels() =>
    [
        new("ring's descriptor closed", 4, random => OnOpen(random, static queue => RingBreaker.Break(queue))),
        new(Removal, 0, static _ => false),
    ];

    private QueueUnderFire Any(Random random) => _queues[random.Next(_queues.Count)];

    private bool OnOpen(Random random, Action<ZcrxQueue> inject)
    {
        QueueUnderFire victim = Any(random);
        if (!victim.Now.IsOpen || victim.Now.Current is not { } queue)
        {
            return false;
        }

        MarkConnections(victim.Name);
        inject(queue);
        return true;
    }

    private bool OnPlan(Random random, Action<Random, Interop.EmulatedFaultPlan> inject)
    {
        QueueUnderFire victim = Any(random);
        MarkConnections(victim.Name);
        inject(random, victim.Plan!);
        return true;
    }

    private bool RemoveOrRestoreNic(Random random)
    {
        QueueUnderFire victim = Any(random);
        if (victim.Nic is not { } nic)
        {
            return false;
        }

        if (nic.IsRemoved)
        {
            RestoreNic(victim);
        }
        else
        {
            MarkConnections(victim.Name);
            nic.Remove();
        }

        return true;
    }

    private void RestoreNic(QueueUnderFire queue)
    {
        if (queue.Nic is { IsRemoved: true } nic)
        {
            nic.Restore();
            Tell(new ZcrxCommand.RestartQueue(queue.Name, TimeSpan.Zero));
        }
    }

    private bool Move(Random random)
    {
        ZcrxQueue[] open = [.. _queues.Where(static queue => queue.Now.IsOpen).Select(static queue => queue.Now.Current).OfType<ZcrxQueue>()];
        return open.Length > 0 && Some(random, consumer => _ = MoveAsync(consumer.Connection, open[random.Next(open.Length)]));
    }

    private async Task MoveAsync(ZcrxConnection connection, ZcrxQueue queue)
    {
        try
        {
            await connection.MoveToAsync(queue).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ObjectDisposedException or InvalidOperationException)
        {
            // The move has failed, because the queue is closed or another move is in progress. The connection stays on its queue.
        }
#pragma warning disable CA1031 // The run reports any other exception as a violation.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _tally.Violate($"a move ended with {exception}");
        }
    }

    private bool Some(Random random, Action<ChaosConsumer> inject)
    {
        bool any = false;
        foreach (ChaosConsumer consumer in _consumers.All)
        {
            if (random.Next(10) == 0)
            {
                inject(consumer);
                any = true;
            }
        }

        return any;
    }

    private void MarkConnections(string queue)
    {
        foreach (ChaosConsumer consumer in _consumers.All)
        {
            consumer.HasChangedQueue |= consumer.Connection.QueueName == queue;
        }
    }

    private bool Kill(string actor)
    {
        _system.ActorSelection($"{_supervisor.Path}/{actor}").Tell(Akka.Actor.Kill.Instance);
        return true;
    }

    private bool Tell(ZcrxCommand command)
    {
        _supervisor.Tell(command);
        return true;
    }
}

using Zcrx.Interop.Emulation;

namespace Zcrx.Interop;

/// <summary>Injects faults into an emulated kernel, to test how a service reacts.</summary>
/// <remarks>
/// On the real kernel, each of these faults can happen at any time. Threading: any thread, also while the kernel runs.
/// A count applies to the next operations on any queue of the kernel. A counted fault takes precedence over a random one.
/// </remarks>
public sealed class EmulatedFaultPlan
{
    // EmulatedKernel documents the lock order.
    private readonly Lock _gate = new();
    private readonly Random? _random;
    private readonly double _probability;
    private int _registrationFailures;
    private int _registrationError;
    private int _noBuffers;
    private int _completionsFull;
    private int _delays;
    private int _strands;
    private int _resets;
    private int _brokenRings;
    private int _lostCompletions;
    private int _shortLimit;
    private volatile bool _dropNotifications;
    private volatile bool _forceCopies;

    /// <summary>Initializes a plan without faults.</summary>
    public EmulatedFaultPlan()
    {
    }

    private EmulatedFaultPlan(int seed, double probability)
    {
        _random = new Random(seed);
        _probability = probability;
    }

    /// <summary>Gets or sets a value indicating whether notifications are lost, as when the kernel cannot allocate one.</summary>
    public bool DropNotifications { get => _dropNotifications; set => _dropNotifications = value; }

    /// <summary>
    /// Gets or sets a value indicating whether an <see cref="EmulatedNic"/> copies all payload, like a NIC that cannot split packets. This
    /// includes RX queues that receive into an area. Without a NIC, all payload is copied anyway.
    /// </summary>
    public bool ForceCopies { get => _forceCopies; set => _forceCopies = value; }

    /// <summary>
    /// Gets or sets the largest number of bytes that one receive turn delivers; 0 for no limit. A turn is one attempt to receive for a
    /// connection.
    /// </summary>
    public int ShortReceiveLimit { get => Volatile.Read(ref _shortLimit); set => Volatile.Write(ref _shortLimit, value); }

    /// <summary>
    /// Creates a plan with random faults: a receive finds no buffer, finds the completion ring full, or is delayed. The plan resets no
    /// connection and loses no bytes.
    /// </summary>
    /// <param name="seed">The seed. The same seed gives the same sequence of decisions.</param>
    /// <param name="probability">The probability of a fault in a receive turn, 0 to 1.</param>
    /// <returns>The plan.</returns>
    public static EmulatedFaultPlan Random(int seed, double probability)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(probability);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(probability, 1);
        return new EmulatedFaultPlan(seed, probability);
    }

    /// <summary>Makes the next registrations fail.</summary>
    /// <param name="count">The number of registrations.</param>
    /// <param name="errorNumber">The errno, positive.</param>
    public void FailRegistrations(int count, int errorNumber)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(errorNumber);
        lock (_gate)
        {
            _registrationFailures = count;
            _registrationError = errorNumber;
        }
    }

    /// <summary>Makes the next receive turns find no buffer and end with −ENOMEM.</summary>
    /// <param name="turns">The number of turns.</param>
    public void FailAllocations(int turns) => Set(ref _noBuffers, turns);

    /// <summary>Makes the next receive turns find the completion ring full and end with −ENOSPC.</summary>
    /// <param name="turns">The number of turns.</param>
    public void FillCompletions(int turns) => Set(ref _completionsFull, turns);

    /// <summary>Makes the next receive turns deliver nothing. Later turns deliver the bytes.</summary>
    /// <param name="turns">The number of turns.</param>
    public void DelayCompletions(int turns) => Set(ref _delays, turns);

    /// <summary>
    /// Strands the next receives that find bytes: they stay armed and deliver nothing until they are cancelled, as on kernels that lose a
    /// wake-up. Use it to test the stall timeout of a queue and its alerts.
    /// </summary>
    /// <param name="receives">The number of receives.</param>
    public void StrandReceives(int receives) => Set(ref _strands, receives);

    /// <summary>Resets the next connections that receive.</summary>
    /// <param name="count">The number of connections.</param>
    public void ResetConnections(int count) => Set(ref _resets, count);

    /// <summary>
    /// Makes the next rings that are entered lose their descriptor, as if other code had closed it by mistake. Entering them then returns
    /// −EBADF.
    /// </summary>
    /// <param name="count">The number of rings.</param>
    public void BreakRings(int count) => Set(ref _brokenRings, count);

    /// <summary>
    /// Loses the last completion of the next receives that end. On the real kernel, this happens when the completion ring is full and
    /// memory is short. The ring counts the loss. The stream positions of all connections with an armed receive are then unknown.
    /// </summary>
    /// <param name="count">The number of receives.</param>
    public void LoseCompletions(int count) => Set(ref _lostCompletions, count);

    internal bool NextEndOfReceive()
    {
        if (Volatile.Read(ref _lostCompletions) == 0)
        {
            return false;
        }

        lock (_gate)
        {
            return Take(ref _lostCompletions);
        }
    }

    internal bool NextEnter()
    {
        // Every enter checks the counter, so it is first read without the lock.
        if (Volatile.Read(ref _brokenRings) == 0)
        {
            return false;
        }

        lock (_gate)
        {
            return Take(ref _brokenRings);
        }
    }

    internal int NextRegistration()
    {
        lock (_gate)
        {
            if (_registrationFailures == 0)
            {
                return 0;
            }

            _registrationFailures--;
            return -_registrationError;
        }
    }

    internal ReceiveFault NextReceive()
    {
        lock (_gate)
        {
            if (Take(ref _resets))
            {
                return ReceiveFault.Reset;
            }

            if (Take(ref _strands))
            {
                return ReceiveFault.Stranded;
            }

            if (Take(ref _noBuffers))
            {
                return ReceiveFault.NoBuffers;
            }

            if (Take(ref _completionsFull))
            {
                return ReceiveFault.CompletionsFull;
            }

            if (Take(ref _delays))
            {
                return ReceiveFault.Delayed;
            }

            return _random is null || _random.NextDouble() >= _probability
                ? ReceiveFault.None
                : _random.Next(3) switch
                {
                    0 => ReceiveFault.NoBuffers,
                    1 => ReceiveFault.CompletionsFull,
                    _ => ReceiveFault.Delayed,
                };
        }
    }

    private static bool Take(ref int counter)
    {
        if (counter == 0)
        {
            return false;
        }

        counter--;
        return true;
    }

    private void Set(ref int counter, int value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        lock (_gate)
        {
            counter = value;
        }
    }
}

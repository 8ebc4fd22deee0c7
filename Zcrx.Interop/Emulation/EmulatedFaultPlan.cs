using Zcrx.Interop.Emulation;

namespace Zcrx.Interop;

/// <summary>What goes wrong in an emulated kernel, and when: for testing how a service reacts.</summary>
/// <remarks>
/// Faults are those that the real kernel has; each of them is legal there at any moment. Thread-safe: set it while the kernel runs.
/// Counts are of the next occasions on any queue of the kernel; a fault that was asked for comes before a random one.
/// </remarks>
public sealed class EmulatedFaultPlan
{
    // For the lock order see EmulatedKernel.
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

    /// <summary>A plan in which nothing goes wrong until it is told to.</summary>
    public EmulatedFaultPlan()
    {
    }

    private EmulatedFaultPlan(int seed, double probability)
    {
        _random = new Random(seed);
        _probability = probability;
    }

    /// <summary>Whether notifications are lost, as when the kernel cannot allocate one.</summary>
    public bool DropNotifications { get => _dropNotifications; set => _dropNotifications = value; }

    /// <summary>
    /// Whether an <see cref="EmulatedNic"/> has everything copied, also what arrives on the RX queue that has our memory, as a NIC does that cannot split
    /// what it gets. Without a NIC everything is copied anyway.
    /// </summary>
    public bool ForceCopies { get => _forceCopies; set => _forceCopies = value; }

    /// <summary>Bytes that one receive turn delivers at most; 0 for no limit.</summary>
    public int ShortReceiveLimit { get => Volatile.Read(ref _shortLimit); set => Volatile.Write(ref _shortLimit, value); }

    /// <summary>A plan that makes receives starve, overflow or wait at random. It never resets a connection: nothing is lost under it.</summary>
    /// <param name="seed">The same seed gives the same sequence of decisions.</param>
    /// <param name="probability">Probability of a fault in a receive turn, 0 to 1.</param>
    /// <returns>The plan.</returns>
    public static EmulatedFaultPlan Random(int seed, double probability)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(probability);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(probability, 1);
        return new EmulatedFaultPlan(seed, probability);
    }

    /// <summary>The next registrations fail.</summary>
    /// <param name="count">How many.</param>
    /// <param name="errorNumber">With which errno, positive.</param>
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

    /// <summary>The next receive turns find no buffer and end with −ENOMEM.</summary>
    /// <param name="turns">How many.</param>
    public void FailAllocations(int turns) => Set(ref _noBuffers, turns);

    /// <summary>The next receive turns find the completion ring full and end with −ENOSPC.</summary>
    /// <param name="turns">How many.</param>
    public void FillCompletions(int turns) => Set(ref _completionsFull, turns);

    /// <summary>The next receive turns deliver nothing, later ones what they left.</summary>
    /// <param name="turns">How many.</param>
    public void DelayCompletions(int turns) => Set(ref _delays, turns);

    /// <summary>
    /// The next receives that find bytes are stranded: they stay armed and deliver nothing until they are cancelled, as on kernels that lose a wake-up.
    /// For testing the stall timeout of a queue and the alerts behind it.
    /// </summary>
    /// <param name="receives">How many.</param>
    public void StrandReceives(int receives) => Set(ref _strands, receives);

    /// <summary>The next connections that receive are reset.</summary>
    /// <param name="count">How many.</param>
    public void ResetConnections(int count) => Set(ref _resets, count);

    /// <summary>The next rings that are entered lose their descriptor, as when somebody closes it by mistake: entering answers −EBADF from then on.</summary>
    /// <param name="count">How many.</param>
    public void BreakRings(int count) => Set(ref _brokenRings, count);

    /// <summary>
    /// The next ends of receives are lost for good, as when the kernel has no room for a completion and cannot allocate any: the ring counts it as overflown, so that
    /// nobody can know where a stream stands that had a receive.
    /// </summary>
    /// <param name="count">How many.</param>
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
        // Looked at without the lock first: this is asked for every call.
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

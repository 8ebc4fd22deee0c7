using System.Buffers;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Interop.Tests.Leases;

/// <summary>Performs two operations on each of many leases at the same time. Checks that each buffer returns exactly once.</summary>
/// <remarks>
/// The calling thread is the ring thread of the area. It performs <see cref="LeaseOperation.KernelReturn"/>, and everything before and
/// after a race.
/// </remarks>
internal sealed unsafe class LeaseRace : IDisposable
{
    private const int Leases = 64;
    private const int Spare = 4;

    private readonly InMemoryArea _area = new(Leases + Spare, 16);
    private readonly Barrier _barrier = new(3);
    private readonly LeaseOperation[] _operations;
    private readonly Thread[] _threads;
    private readonly BufferLease[] _leases = new BufferLease[Leases];
    private readonly BufferLease[] _stale = new BufferLease[Leases];
    private readonly MemoryHandle[] _pins = new MemoryHandle[Leases];
    // The leases that each thread has got from its operation.
    private readonly BufferLease?[,] _newLeases = new BufferLease?[2, Leases];
    private readonly MemoryHandle[,] _newPins = new MemoryHandle[2, Leases];
    private readonly Exception?[] _failures = new Exception?[2];
    // The index that each thread has reached, on separate cache lines. The threads wait for each other before each lease.
    private readonly int[] _progress = new int[64];
    private int _round;
    private volatile bool _stop;

    public LeaseRace(LeaseOperation first, LeaseOperation second)
    {
        _operations = [first, second];
        _threads = [new Thread(() => Run(0)), new Thread(() => Run(1))];
        Array.ForEach(_threads, static thread => thread.Start());
    }

    /// <summary>Races over a number of leases. The leases are on buffers of the area, or on copies in the native heap.</summary>
    public void Round(bool isCopy)
    {
        _area.Ledger.LeaseLimit = isCopy ? 0 : int.MaxValue;
        for (int i = 0; i < Leases; i++)
        {
            // The ledger reuses the last slot first. The next lease therefore has the slot of this released lease.
            _stale[i] = Retain(-1);
            _stale[i].Dispose();
            _leases[i] = Retain(i);
            _pins[i] = _operations.Contains(LeaseOperation.Unpin) ? _leases[i].Memory.Pin() : default;
        }

        Array.Clear(_progress);
        _round++;
        _barrier.SignalAndWait();
        if (_operations.Contains(LeaseOperation.KernelReturn))
        {
            for (int i = 0; i < Leases; i++)
            {
                ReuseBuffers();
            }
        }

        _barrier.SignalAndWait();
        Assert.All(_failures, static failure => Assert.Null(failure));
        ReuseBuffers();
        ReleaseLeases();
        ReuseBuffers();
        ReleasePins();
        _area.AssertAllReturned();
    }

    public void Dispose()
    {
        _stop = true;
        _barrier.SignalAndWait();
        Array.ForEach(_threads, static thread => thread.Join());
        _barrier.Dispose();
        _area.Dispose();
    }

    private void ReleaseLeases()
    {
        for (int i = 0; i < Leases; i++)
        {
            for (int side = 0; side < 2; side++)
            {
                if (_newLeases[side, i] is { } lease)
                {
                    Assert.Equal(i, BitConverter.ToInt64(lease.Span));
                    lease.Dispose();
                    _newLeases[side, i] = null;
                }
            }

            _leases[i].Dispose();
        }
    }

    private void ReleasePins()
    {
        for (int i = 0; i < Leases; i++)
        {
            for (int side = 0; side < 2; side++)
            {
                if (_newPins[side, i].Pointer != null)
                {
                    Assert.Equal(i, *(long*)_newPins[side, i].Pointer);
                    _newPins[side, i].Dispose();
                }
            }

            _pins[i].Dispose();
        }
    }

    private void Run(int side)
    {
        while (true)
        {
            _barrier.SignalAndWait();
            if (_stop)
            {
                return;
            }

            for (int i = 0; i < Leases; i++)
            {
                try
                {
                    Meet(side, i);
                    Perform(_operations[side], side, i);
                }
                catch (ObjectDisposedException)
                {
                    // The other thread has ended the lease before.
                }
#pragma warning disable CA1031 // The test fails at any other exception.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    _failures[side] = exception;
                }
            }

            _barrier.SignalAndWait();
        }
    }

    private void Meet(int side, int i)
    {
        Volatile.Write(ref _progress[side * 32], i + 1);
        SpinWait spin = default;
        while (Volatile.Read(ref _progress[(1 - side) * 32]) <= i)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        // Delays this thread by some nanoseconds. The number differs each time, so that the operations overlap in many ways.
        for (int delay = (((i + 1) * (side + 3)) + _round) % 24; delay > 0; delay--)
        {
            _ = Volatile.Read(ref _progress[side * 32]);
        }
    }

    private void Perform(LeaseOperation operation, int side, int i)
    {
        switch (operation)
        {
            case LeaseOperation.Retain:
                _newLeases[side, i] = _leases[i].Retain();
                break;
            case LeaseOperation.Dispose:
                _leases[i].Dispose();
                break;
            case LeaseOperation.Move:
                _newLeases[side, i] = _leases[i].Move();
                break;
            case LeaseOperation.Pin:
                _newPins[side, i] = _leases[i].Memory.Pin();
                break;
            case LeaseOperation.Unpin:
                // Disposes a copy of the struct, so that both threads may end the same pin. Only the first disposal has an effect.
                MemoryHandle copy = _pins[i];
                copy.Dispose();
                break;
            case LeaseOperation.Span:
                _ = _leases[i].Span.Length;
                break;
            case LeaseOperation.Memory:
                _ = _leases[i].Memory.Span.Length;
                break;
            case LeaseOperation.StaleAccess:
                AccessStale(_stale[i], i % 5);
                break;
        }
    }

    private static void AccessStale(BufferLease stale, int way)
    {
        switch (way)
        {
            case 0:
                Assert.Throws<ObjectDisposedException>(() => stale.Span.Length);
                break;
            case 1:
                Assert.Throws<ObjectDisposedException>(() => stale.Memory);
                break;
            case 2:
                Assert.Throws<ObjectDisposedException>(stale.Retain);
                break;
            case 3:
                Assert.Throws<ObjectDisposedException>(stale.Move);
                break;
            default:
                stale.Dispose();
                break;
        }
    }

    /// <summary>Takes released buffers back, and overwrites all free buffers.</summary>
    private void ReuseBuffers()
    {
        _area.Ledger.Drain();
        for (int i = 0; i < Spare; i++)
        {
            Retain(-2).Dispose();
        }
    }

    private BufferLease Retain(long value)
    {
        ReceivedBuffer buffer = _area.Begin(BitConverter.GetBytes(value), value, out ulong offset);
        BufferLease lease = buffer.Retain();
        _area.End(offset);
        return lease;
    }
}

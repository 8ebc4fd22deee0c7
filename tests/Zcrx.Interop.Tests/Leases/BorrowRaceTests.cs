using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Interop.Tests.Leases;

/// <summary>Tests borrowed buffers that another thread uses while the ring thread already delivers the next ones.</summary>
public sealed unsafe class BorrowRaceTests
{
    private const int Buffers = 8;
    private const int Loans = 60_000;

    private volatile Escaped? _escaped;
    private volatile bool _stop;

    [Fact]
    public void Retain_on_another_thread_throws_and_never_changes_the_ledger()
    {
        using InMemoryArea area = new(Buffers, 64);
        int retained = 0;
        Race(area, escaped =>
        {
            escaped.Buffer.Retain().Dispose();
            Interlocked.Increment(ref retained);
        });

        Assert.Equal(0, retained);
        area.AssertAllReturned();
    }

    [Fact]
    public void Memory_on_another_thread_throws()
    {
        using InMemoryArea area = new(Buffers, 64);
        int taken = 0;
        Race(area, escaped =>
        {
            _ = escaped.Buffer.Memory;
            Interlocked.Increment(ref taken);
        });

        Assert.Equal(0, taken);
        area.AssertAllReturned();
    }

    [Fact]
    public void Span_on_another_thread_is_the_buffers_own_or_throws()
    {
        using InMemoryArea area = new(Buffers, 64);
        int wrong = 0;
        Race(area, escaped =>
        {
            ReadOnlySpan<byte> span = escaped.Buffer.Span;
            if ((nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(span)) != escaped.Address || span.Length != escaped.Length)
            {
                Interlocked.Increment(ref wrong);
            }
        });

        Assert.Equal(0, wrong);
        area.AssertAllReturned();
    }

    [Fact]
    public void Length_offset_and_source_on_another_thread_are_the_buffers_own_or_throw()
    {
        using InMemoryArea area = new(Buffers, 64);
        int wrong = 0;
        Race(area, escaped =>
        {
            if (escaped.Buffer.Length != escaped.Length || escaped.Buffer.StreamOffset != escaped.StreamOffset || escaped.Buffer.Source != area.Holder)
            {
                Interlocked.Increment(ref wrong);
            }
        });

        Assert.Equal(0, wrong);
        area.AssertAllReturned();
    }

    private void Race(InMemoryArea area, Action<Escaped> use)
    {
        Exception? failure = null;
        Thread thread = new(() =>
        {
            while (!_stop)
            {
                try
                {
                    if (_escaped is { } escaped)
                    {
                        use(escaped);
                    }
                }
                catch (InvalidOperationException)
                {
                    // A use after OnNext throws an ObjectDisposedException, which is an InvalidOperationException.
                }
#pragma warning disable CA1031 // The test fails at any other exception.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    failure = exception;
                    return;
                }
            }
        });
        thread.Start();
        byte[] bytes = new byte[64];
        for (int i = 0; i < Loans; i++)
        {
            int length = 8 + (i % 40);
            ReceivedBuffer buffer = area.Begin(bytes.AsSpan(0, length), i, out ulong offset);
            _escaped = new Escaped(buffer, (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(buffer.Span)), length, i);
            if (i % 5 == 0)
            {
                buffer.Retain().Dispose();
            }

            area.End(offset);
        }

        _stop = true;
        thread.Join();
        Assert.Null(failure);
    }

    private sealed record Escaped(ReceivedBuffer Buffer, nint Address, int Length, long StreamOffset);
}

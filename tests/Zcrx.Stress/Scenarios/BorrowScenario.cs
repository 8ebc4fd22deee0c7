using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>Uses borrowed buffers on other threads while the ring thread already delivers the next ones.</summary>
internal sealed unsafe class BorrowScenario(string name, bool isChecked) : IStressScenario
{
    private const int Buffers = 8;
    private const int BufferSize = 64;

    private InMemoryArea? _area;
    private Escaped? _escaped;
    private long _operations;

    public string Name => name;

    public long Run(StressRun run)
    {
        using InMemoryArea area = new(Buffers, BufferSize, checkBorrows: isChecked);
        _area = area;
        Random random = new(run.Seed);
        byte[] bytes = new byte[BufferSize];
        run.Start(Step, isMisuse: true);
        for (long i = 0; !run.IsOver; i++)
        {
            int length = 8 + random.Next(BufferSize - 8);
            ReceivedBuffer buffer = area.Begin(bytes.AsSpan(0, length), i, out ulong offset);
            ReadOnlyMemory<byte> memory = buffer.Memory;
            Volatile.Write(ref _escaped, new Escaped(buffer, (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(buffer.Span)), length, i));
            if (random.Next(4) == 0)
            {
                buffer.Retain().Dispose();
            }

            else if (random.Next(2) == 0)
            {
                // Starts the next borrow as soon as the previous one ends, as the receive loop does.
                byte* address = (byte*)Volatile.Read(ref _escaped)!.Address;
                for (int shift = 1; shift < 8; shift++)
                {
                    area.Ledger.Borrow.Lend(tag: 0, address + shift, length - shift, i);
                }
            }

            area.End(offset);
            StressRun.Require(!isChecked || Throws(memory), "memory throws after OnNext where borrows are checked");
        }

        run.Join();
        area.AssertAllReturned();
        return Interlocked.Read(ref _operations);
    }

    private static bool Throws(ReadOnlyMemory<byte> memory)
    {
        try
        {
            return memory.Span.Length < 0;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    private void Step(Random random)
    {
        if (Volatile.Read(ref _escaped) is not { } escaped)
        {
            return;
        }

        Interlocked.Increment(ref _operations);
        switch (random.Next(6))
        {
            case 0:
                RequireForeign(() => escaped.Buffer.Retain().Dispose());
                break;
            case 1:
                RequireForeign(() => _ = escaped.Buffer.Memory);
                break;
            case 2:
                StressRun.Require(escaped.Buffer.Length == escaped.Length, "the length is the buffer's own");
                break;
            case 3:
                StressRun.Require(escaped.Buffer.StreamOffset == escaped.StreamOffset, "the offset is the buffer's own");
                break;
            case 4:
                StressRun.Require(escaped.Buffer.Source == _area!.Holder, "the source is the buffer's own");
                break;
            default:
                while (true)
                {
                    // The race takes only nanoseconds. The access is therefore repeated until the borrow ends and the access throws.
                    ReadOnlySpan<byte> span = escaped.Buffer.Span;
                    StressRun.Require(
                        (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(span)) == escaped.Address && span.Length == escaped.Length, "the span is the buffer's own");
                }
        }
    }

    private static void RequireForeign(Action use)
    {
        try
        {
            use();
        }
        catch (InvalidOperationException)
        {
            return;
        }

        throw new NotSupportedException("A borrowed buffer was retained, or its memory taken, on another thread.");
    }

    private sealed record Escaped(ReceivedBuffer Buffer, nint Address, int Length, long StreamOffset);
}

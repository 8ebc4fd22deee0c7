using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.HostRings;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Connections;

/// <summary>
/// Collects the small sends that a ring thread makes in a turn, and performs them with one system call. Ring thread only. Calls of other
/// threads have no effect.
/// </summary>
/// <remarks>
/// The batch is open while observers and handlers run: from the first completion of a turn to the end of the posted work. It is flushed
/// before connections are closed, moved or suspended. Therefore only <see cref="ConnectionSender"/> needs to know of it.
/// </remarks>
internal sealed unsafe class SendBatch : IDisposable
{
    /// <summary>The smallest number of sends that cost less through a ring than as system calls.</summary>
    public const int FewestSends = 4;

    /// <summary>The maximum number of sends in one call. It bounds how long a send waits for the following ones.</summary>
    public const int MaxSends = 64;

    /// <summary>The longest send of a batch. For longer ones, the copy costs more than the system call.</summary>
    public const int MaxSendLength = 4096;

    private const int MemoryLength = 16 * MaxSendLength;

    private readonly object _thread = Threads.Current;
    private readonly Entry[] _entries = new Entry[MaxSends];
    private readonly int[] _results = new int[MaxSends];
    private byte* _memory;
    private SendRing? _ring;
    private int _count;
    private int _used;
    private int _sendsOfTurn;
    private bool _isOpen;
    private bool _isWorthwhile;

    private SendBatch(SendRing ring)
    {
        _ring = ring;
        _memory = (byte*)NativeMemory.Alloc(MemoryLength);
    }

    /// <summary>Creates the batch of the calling ring thread. Returns null if the engine has no ring for sends.</summary>
    public static SendBatch? TryCreate(Func<uint, SendRing?> createRing) => createRing(MaxSends) is { } ring ? new SendBatch(ring) : null;

    /// <summary>Opens the batch, because observers are about to run.</summary>
    public void BeginTurn() => _isOpen = _ring is not null;

    /// <summary>Performs the sends and closes the batch. The next turn collects sends if this one had enough of them.</summary>
    public void EndTurn()
    {
        Flush();
        _isOpen = false;
        _isWorthwhile = _sendsOfTurn >= FewestSends;
        _sendsOfTurn = 0;
    }

    /// <summary>Copies the bytes of a send, to be sent at the end of the turn.</summary>
    /// <returns>
    /// False when the caller must send the bytes itself. The sender then has nothing in the batch, so the order of its bytes is kept.
    /// </returns>
    public bool TryAdd(ConnectionSender sender, ReadOnlySpan<byte> bytes)
    {
        if (!_isOpen || _thread != Threads.Current)
        {
            return false;
        }

        _sendsOfTurn++;
        if (sender.IsInBatch)
        {
            if (_entries[_count - 1].Sender == sender && bytes.Length <= MemoryLength - _used)
            {
                // The next send of the connection that has sent last becomes a part of the same send.
                _entries[_count - 1].Length += Copy(bytes);
                return true;
            }

            Flush();
        }

        if (!_isWorthwhile || bytes.Length > MaxSendLength)
        {
            return false;
        }

        if (_count == MaxSends || bytes.Length > MemoryLength - _used)
        {
            Flush();
        }

        if (!sender.TryEnterBatch())
        {
            return false;
        }

        _entries[_count++] = new Entry { Sender = sender, Offset = _used, Length = Copy(bytes) };
        return true;
    }

    /// <summary>Performs the collected sends if a sender is among them. Called before the sender sends in another way, or closes.</summary>
    public void Flush(ConnectionSender sender)
    {
        if (sender.IsInBatch && _thread == Threads.Current)
        {
            Flush();
        }
    }

    /// <summary>Performs the collected sends.</summary>
    public void Flush()
    {
        int count = _count;
        if (count == 0)
        {
            return;
        }

        _results.AsSpan(0, count).Fill(-Errno.EIO);
        if (count < FewestSends || _ring is null)
        {
            SendAll(count);
        }
        else
        {
            SubmitAll(count);
        }

        // No code of the application runs in between, so nothing is added.
        for (int i = 0; i < count; i++)
        {
            ref Entry entry = ref _entries[i];
            entry.Sender.OnBatchSent(BytesOf(entry), _results[i]);
            entry = default;
        }

        _count = 0;
        _used = 0;
    }

    /// <summary>Drops the collected sends, and closes the ring.</summary>
    public void Dispose()
    {
        _isOpen = false;
        _ring?.Dispose();
        _ring = null;
        // Nothing is collected, except on a thread that was abandoned. Its connections are reset.
        Array.Clear(_entries);
        _count = 0;
        NativeMemory.Free(_memory);
        _memory = null;
    }

    private ReadOnlySpan<byte> BytesOf(in Entry entry) => new(_memory + entry.Offset, entry.Length);

    private int Copy(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(new Span<byte>(_memory + _used, MemoryLength - _used));
        _used += bytes.Length;
        return bytes.Length;
    }

    private void SendAll(int count)
    {
        for (int i = 0; i < count; i++)
        {
            ref Entry entry = ref _entries[i];
            IoVector piece = new() { Base = (nint)(_memory + entry.Offset), Length = (nuint)entry.Length };
            _results[i] = (int)Libc.Send(entry.Sender.Descriptor, &piece, 1);
        }
    }

    private void SubmitAll(int count)
    {
        for (int i = 0; i < count; i++)
        {
            ref Entry entry = ref _entries[i];
            _ring!.Add(entry.Sender.Descriptor, _memory + entry.Offset, entry.Length, i);
        }

        if (!_ring!.Submit(_results.AsSpan(0, count)))
        {
            // It is unknown how many bytes of the sends without a result were sent, so their connections fail.
            _ring.Dispose();
            _ring = null;
            _isOpen = false;
        }
    }

    private struct Entry
    {
        public ConnectionSender Sender;
        public int Offset;
        public int Length;
    }
}

using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.HostRings;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Connections;

/// <summary>
/// Collects the small sends that the ring thread makes in a turn, and performs them with one system call. Ring thread only. On other
/// threads, calls have no effect.
/// </summary>
/// <remarks>
/// The batch is open while code of the application runs, from the first completion of a turn until the posted work has run. It is flushed
/// before a connection is closed, moved or suspended. Other components therefore need not know of it, except
/// <see cref="ConnectionSender"/>.
/// </remarks>
internal sealed unsafe class SendBatch : IDisposable
{
    /// <summary>The smallest number of sends for which one call to a ring costs less than a system call for each send.</summary>
    public const int FewestSends = 4;

    /// <summary>The largest number of sends in one system call. It limits how long a send waits for others.</summary>
    public const int MaxSends = 64;

    /// <summary>
    /// The largest number of bytes in a send that is collected. For a longer send, the copy costs more than a system call.
    /// </summary>
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

    /// <summary>Creates a batch for the calling ring thread; null if the engine has no ring for sends.</summary>
    public static SendBatch? TryCreate(Func<uint, SendRing?> createRing) => createRing(MaxSends) is { } ring ? new SendBatch(ring) : null;

    /// <summary>Opens the batch, because observers will run next.</summary>
    public void BeginTurn() => _isOpen = _ring is not null;

    /// <summary>
    /// Performs the collected sends and closes the batch. If this turn made enough sends, the next turn collects its sends.
    /// </summary>
    public void EndTurn()
    {
        Flush();
        _isOpen = false;
        _isWorthwhile = _sendsOfTurn >= FewestSends;
        _sendsOfTurn = 0;
    }

    /// <summary>Copies the bytes of a send into the batch, which sends them at the end of the turn.</summary>
    /// <returns>
    /// False when the caller must send the bytes itself. The batch then contains no earlier bytes of this sender, so the order is kept.
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
                // The bytes belong to the connection that was added last, so they extend its send.
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

    /// <summary>Performs the collected sends if this sender has one. Called before the sender closes, or sends without the batch.</summary>
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

        // No code of the application runs between the sends and this loop, so the entries have not changed.
        for (int i = 0; i < count; i++)
        {
            ref Entry entry = ref _entries[i];
            entry.Sender.OnBatchSent(BytesOf(entry), _results[i]);
            entry = default;
        }

        _count = 0;
        _used = 0;
    }

    /// <summary>Drops the collected sends and closes the ring.</summary>
    public void Dispose()
    {
        _isOpen = false;
        _ring?.Dispose();
        _ring = null;
        // Sends are left only if the ring thread was abandoned. Their connections are reset, so the sends may be dropped.
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
            // The ring has failed. It is unknown how many bytes were sent for the entries without a result, so their connections fail.
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

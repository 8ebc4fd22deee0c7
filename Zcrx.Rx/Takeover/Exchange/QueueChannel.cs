using System.Net.Sockets;
using System.Runtime.InteropServices;
using Zcrx.Interop.Errors;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Processes;

namespace Zcrx.Rx.Takeover;

/// <summary>The line between two processes that share a queue: words, from the one that no longer writes the refill queue to the one that does.</summary>
/// <remarks>
/// <para>A word is a buffer that has come back (area token | byte offset), or a remark: one of the constants here, with no area's number on top. In the machine's byte order,
/// which both sides share.</para>
/// <para>The end of the line says that the process at the other end neither writes the refill queue nor has any buffer, nor ever will: it has closed its end, or it is dead, and then
/// the kernel closes it, after the last thread that could have entered a ring. One sender, one receiver.</para>
/// </remarks>
internal sealed class QueueChannel : IDisposable
{
    /// <summary>The refill queue is the receiver's from now on.</summary>
    public const ulong Begin = RemarkMask | (1UL << KindShift);

    /// <summary>How many buffers are kept by consumers on the sender's side, in the lower half.</summary>
    public const ulong Leased = RemarkMask | (2UL << KindShift);

    private const ulong RemarkMask = 0xffff_0000_0000_0000;
    private const int KindShift = 32;
    // A batch; more is sent in several.
    private const int BufferWords = 2048;

    private readonly Socket _socket;
    private readonly byte[] _outgoing = new byte[BufferWords * sizeof(ulong)];
    private readonly byte[] _incoming = new byte[BufferWords * sizeof(ulong)];

    /// <param name="fd">One end; owned by this object from now on, also when this fails.</param>
    /// <exception cref="InvalidDataException">It is no such socket.</exception>
    public QueueChannel(int fd)
    {
        const int SolSocket = 1;
        const int SoType = 3;
        const int SoDomain = 39;
        const int Unix = 1;
        const int Stream = 1;
        if (SocketFacts.Option(fd, SolSocket, SoDomain) != Unix || SocketFacts.Option(fd, SolSocket, SoType) != Stream)
        {
            _ = Libc.Close(fd);
            throw new InvalidDataException("a descriptor came that is not the line that was announced");
        }

        _socket = new Socket(new SafeSocketHandle(fd, ownsHandle: true));
    }

    /// <summary>The words to be sent next.</summary>
    public Span<ulong> Outgoing => MemoryMarshal.Cast<byte, ulong>(_outgoing.AsSpan());

    /// <summary>Makes a line.</summary>
    /// <param name="theirs">The end for the other process; the caller's.</param>
    /// <returns>The end for this process.</returns>
    /// <exception cref="IOException">The process cannot have more descriptors.</exception>
    public static QueueChannel Create(out int theirs)
    {
        int result = SocketPair.Create(out int ours, out theirs);
        return result < 0 ? throw new IOException(ErrnoText.Describe(-result)) : new QueueChannel(ours);
    }

    public static bool IsRemark(ulong word) => (word & RemarkMask) == RemarkMask;

    /// <summary>What kind of remark it is, without its number.</summary>
    public static ulong KindOf(ulong remark) => remark & ~(ulong)uint.MaxValue;

    /// <summary>Sends the first of <see cref="Outgoing"/>; waits while the other side has not taken those before.</summary>
    /// <exception cref="SocketException">There is no other side any more.</exception>
    public async Task SendAsync(int words)
    {
        ReadOnlyMemory<byte> left = _outgoing.AsMemory(0, words * sizeof(ulong));
        while (left.Length > 0)
        {
            left = left[await _socket.SendAsync(left, SocketFlags.None).ConfigureAwait(false)..];
        }
    }

    /// <summary>Passes on what the other side sends, until it has ended. Ends, too, when this end is closed.</summary>
    public async Task ReceiveAllAsync(Action<ReadOnlySpan<ulong>> onWords)
    {
        int filled = 0;
        while (true)
        {
            try
            {
                int received = await _socket.ReceiveAsync(_incoming.AsMemory(filled), SocketFlags.None).ConfigureAwait(false);
                if (received == 0)
                {
                    return;
                }

                filled += received;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return;
            }

            int whole = filled / sizeof(ulong) * sizeof(ulong);
            onWords(MemoryMarshal.Cast<byte, ulong>(_incoming.AsSpan(0, whole)));
            _incoming.AsSpan(whole, filled - whole).CopyTo(_incoming);
            filled -= whole;
        }
    }

    public void Dispose() => _socket.Dispose();
}

using System.Net.Sockets;
using System.Runtime.InteropServices;
using Zcrx.Interop.Errors;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Processes;

namespace Zcrx.Rx.Takeover;

/// <summary>
/// Represents the channel between two processes that share a queue. The process that has stopped writing the refill queue sends its
/// returned buffers to the process that writes it now.
/// </summary>
/// <remarks>
/// <para>The channel carries 8-byte words in the machine's byte order. A word is a returned buffer (area token | byte offset) or a control
/// word, which is called a remark. Begin and Leased are the remarks. The top bits of a remark are not a valid area id, which
/// tells it from a buffer.</para>
/// <para>When the channel ends, the other process has closed its end or has died. It then neither writes the refill queue nor has a buffer.
/// When a process dies, the kernel closes its end of the channel only after its last thread that could enter a ring has exited. The channel
/// has one sender and one receiver.</para>
/// </remarks>
internal sealed class QueueChannel : IDisposable
{
    /// <summary>Remark: the receiver of this word writes the refill queue from now on.</summary>
    public const ulong Begin = RemarkMask | (1UL << KindShift);

    /// <summary>Remark: the lower half is the number of buffers that consumers of the sender lease.</summary>
    public const ulong Leased = RemarkMask | (2UL << KindShift);

    private const ulong RemarkMask = 0xffff_0000_0000_0000;
    private const int KindShift = 32;
    // The number of words in a batch. If there are more, they are sent in several batches.
    private const int BufferWords = 2048;

    private readonly Socket _socket;
    private readonly byte[] _outgoing = new byte[BufferWords * sizeof(ulong)];
    private readonly byte[] _incoming = new byte[BufferWords * sizeof(ulong)];

    /// <param name="fd">The descriptor of one end. This object owns it from now on. If the call fails, the descriptor is closed.</param>
    /// <exception cref="InvalidDataException">The descriptor is not a Unix stream socket.</exception>
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
            throw new InvalidDataException("a received descriptor is not the announced channel");
        }

        _socket = new Socket(new SafeSocketHandle(fd, ownsHandle: true));
    }

    /// <summary>Gets the memory for the words that are sent next.</summary>
    public Span<ulong> Outgoing => MemoryMarshal.Cast<byte, ulong>(_outgoing.AsSpan());

    /// <summary>Creates both ends of a channel.</summary>
    /// <param name="theirs">The descriptor of the other process's end. The caller owns it.</param>
    /// <returns>The end of this process.</returns>
    /// <exception cref="IOException">The process has no free descriptor.</exception>
    public static QueueChannel Create(out int theirs)
    {
        int result = SocketPair.Create(out int ours, out theirs);
        return result < 0 ? throw new IOException(ErrnoText.Describe(-result)) : new QueueChannel(ours);
    }

    public static bool IsRemark(ulong word) => (word & RemarkMask) == RemarkMask;

    /// <summary>Returns the kind of a remark, which is the remark without its number.</summary>
    public static ulong KindOf(ulong remark) => remark & ~(ulong)uint.MaxValue;

    /// <summary>Sends the first words of <see cref="Outgoing"/>. Waits if the other process has not read the earlier words.</summary>
    /// <exception cref="SocketException">The other process has closed its end.</exception>
    public async Task SendAsync(int words)
    {
        ReadOnlyMemory<byte> left = _outgoing.AsMemory(0, words * sizeof(ulong));
        while (left.Length > 0)
        {
            left = left[await _socket.SendAsync(left, SocketFlags.None).ConfigureAwait(false)..];
        }
    }

    /// <summary>Passes received words to a callback. Returns when the other process has closed its end, or this end is closed.</summary>
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

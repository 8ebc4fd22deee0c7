using Zcrx.Interop.Emulation;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Interop.Multishot;

/// <summary>Represents a request that the host ring performs. Pooled by its ring, and used on the ring's thread only.</summary>
internal sealed class MultishotRequest(int index)
{
    private int _duplicate = -1;
    private uint _turn;
    // The number of buffers that a multishot receive has filled in _turn.
    private int _turnBuffers;

    /// <summary>Gets the request's index, which is its user data in the host ring.</summary>
    public int Index { get; } = index;

    public bool IsActive { get; set; }

    /// <summary>Gets or sets the opcode in the caller's submission.</summary>
    public byte Opcode { get; set; }

    public ulong UserData { get; set; }

    /// <summary>Gets or sets the descriptor in the caller's submission.</summary>
    public int Fd { get; set; }

    /// <summary>Gets the descriptor that the request uses: the duplicate, if it has one.</summary>
    public int SocketFd => _duplicate >= 0 ? _duplicate : Fd;

    /// <summary>Gets or sets a value indicating whether the caller has cancelled the request.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>Gets or sets the buffers of a receive; null for other requests.</summary>
    public ProvidedBuffers? Buffers { get; set; }

    /// <summary>
    /// Gets or sets the cookie of a receive's socket. The cookie shows whether the descriptor still refers to that socket.
    /// </summary>
    public ulong Cookie { get; set; }

    public bool HasBudget { get; set; }

    /// <summary>Gets or sets the bytes left in the budget of a receive.</summary>
    public long Budget { get; set; }

    /// <summary>
    /// Gets or sets the result that the caller's completion reports when the host ring ends the receive; null to report the host ring's
    /// result.
    /// </summary>
    public int? End { get; set; }

    /// <summary>Gets or sets what a receive waits for.</summary>
    public ReceivePhase Phase { get; set; }

    /// <summary>Gets or sets how the bytes of a receive are received.</summary>
    public ReceiveMethod Method { get; set; }

    /// <summary>Gets or sets the size of the next read of a receive.</summary>
    public ReadSize ReadSize { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether the socket had more bytes after the latest completion of a multishot receive.
    /// </summary>
    public bool HasLeftBytes { get; set; }

    /// <summary>Resets the facts about the traffic, since the next receive has another socket.</summary>
    public void BeginReceive(ReceiveMethod method)
    {
        Method = method;
        ReadSize = default;
        HasLeftBytes = false;
        _turnBuffers = 0;
    }

    /// <summary>
    /// Duplicates the descriptor, so that the socket stays open for reads when the caller closes it. If the caller has already closed the
    /// descriptor, the receive becomes a multishot receive.
    /// </summary>
    /// <remarks>
    /// A request of the kernel keeps its socket open by itself, but a read needs an open descriptor. The duplicate stays until this request
    /// ends, because later requests to the kernel for the same receive need it too.
    /// </remarks>
    public void KeepSocket()
    {
        if (_duplicate < 0)
        {
            _duplicate = int.Max(Libc.Duplicate(Fd), -1);
            // The number may belong to another file by now.
            if (_duplicate < 0 || !RefersToSocket(_duplicate))
            {
                ReleaseSocket();
                Method = default;
            }
        }
    }

    /// <summary>Closes the duplicate.</summary>
    public void ReleaseSocket()
    {
        if (_duplicate >= 0)
        {
            _ = Libc.Close(_duplicate);
            _duplicate = -1;
        }
    }

    /// <summary>Returns why a receive cannot continue; null when it can.</summary>
    public int? FindEnd()
    {
        if (IsCancelled)
        {
            return -ECANCELED;
        }

        // If the caller has closed the descriptor, its number may belong to another file, which must not be read.
        return RefersToSocket(SocketFd) ? null : -EBADF;
    }

    /// <summary>
    /// Counts the buffers that a multishot receive has filled in a turn. The first buffers of the next turn show that the turn is over.
    /// </summary>
    /// <remarks>
    /// The kernel interrupts a receive after 32 repetitions, at any point of a message. A small turn that leaves bytes in the socket
    /// therefore continues in the next call.
    /// </remarks>
    public void CountBuffers(uint turn, int buffers)
    {
        if (turn != _turn && !(HasLeftBytes && _turnBuffers < ReceiveMethod.ManyBuffers))
        {
            if (!Method.IsRead)
            {
                Method = Method.Next(_turnBuffers);
            }

            _turn = turn;
            _turnBuffers = 0;
        }

        _turnBuffers += buffers;
    }

    private bool RefersToSocket(int fd) => SocketCalls.Cookie(fd, out ulong cookie) >= 0 && cookie == Cookie;
}

using Zcrx.Interop.Emulation;
using Zcrx.Interop.Kernel;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Interop.Multishot;

/// <summary>Represents a request that the host ring performs. The ring pools these objects and uses them on its own thread only.</summary>
internal sealed class MultishotRequest(int index)
{
    private int _duplicate = -1;
    private uint _turn;
    // The number of buffers that a multishot receive has filled in _turn.
    private int _turnBuffers;

    /// <summary>Gets the request's index. It is the user data of the request in the host ring.</summary>
    public int Index { get; } = index;

    public bool IsActive { get; set; }

    /// <summary>Gets or sets the opcode in the caller's submission.</summary>
    public byte Opcode { get; set; }

    public ulong UserData { get; set; }

    /// <summary>Gets or sets the descriptor in the caller's submission.</summary>
    public int Fd { get; set; }

    /// <summary>Gets the descriptor that the request uses, which is the duplicate if it has one.</summary>
    public int SocketFd => _duplicate >= 0 ? _duplicate : Fd;

    /// <summary>Gets or sets a value indicating whether the caller has cancelled the request.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>Gets or sets the provided buffers that a receive uses; null for other requests.</summary>
    public ProvidedBuffers? Buffers { get; set; }

    /// <summary>
    /// Gets or sets the kernel's unique number of a receive's socket. It shows whether the descriptor still refers to that socket.
    /// </summary>
    public ulong Cookie { get; set; }

    public bool HasBudget { get; set; }

    /// <summary>Gets or sets the bytes left in the budget of a receive.</summary>
    public long Budget { get; set; }

    /// <summary>
    /// Gets or sets the result to report to the caller when the host ring ends the receive; null to report the host ring's result.
    /// </summary>
    public int? End { get; set; }

    /// <summary>Gets or sets what a receive waits for.</summary>
    public ReceivePhase Phase { get; set; }

    /// <summary>Gets or sets the method of a receive, which is reads or a multishot receive.</summary>
    public ReceiveMethod Method { get; set; }

    /// <summary>Gets or sets the size of the next read of a receive.</summary>
    public ReadSize ReadSize { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether the socket had more bytes after the latest completion of a multishot receive.
    /// </summary>
    public bool HasLeftBytes { get; set; }

    /// <summary>Resets what is known about the traffic, since this receive has another socket than the previous one.</summary>
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
    /// A request in the kernel keeps its socket open, but a read needs an open descriptor. The duplicate stays until this request ends.
    /// Later polls and multishot receives of the request use it, too.
    /// </remarks>
    public void KeepSocket()
    {
        if (_duplicate < 0)
        {
            _duplicate = int.Max(Libc.Duplicate(Fd), -1);
            // If the caller has closed the descriptor, its number may belong to another file.
            if (_duplicate < 0 || !RefersToSocket(_duplicate))
            {
                ReleaseSocket();
                Method = default;
            }
        }
    }

    /// <summary>Closes the duplicate descriptor, if there is one.</summary>
    public void ReleaseSocket()
    {
        if (_duplicate >= 0)
        {
            _ = Libc.Close(_duplicate);
            _duplicate = -1;
        }
    }

    /// <summary>Returns the negative errno with which a receive must end; null when it can continue.</summary>
    public int? FindEnd()
    {
        if (IsCancelled)
        {
            return -ECANCELED;
        }

        // If the caller has closed the descriptor, its number may belong to another file. That file must not be read.
        return RefersToSocket(SocketFd) ? null : -EBADF;
    }

    /// <summary>
    /// Counts the buffers that a multishot receive has filled in a turn. When buffers of a later turn arrive, the count of the ended turn
    /// updates the receive method.
    /// </summary>
    /// <remarks>
    /// The kernel interrupts a receive after 32 repetitions, even in the middle of a message. A small turn that has left bytes in the
    /// socket is therefore counted together with the next one.
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

using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Limits how much a copying kernel delivers in one turn while consumers process buffers on the ring thread after the turn. Ring thread
/// only.
/// </summary>
/// <remarks>
/// An observer reads each buffer inside OnNext, and long turns cost fewer reads of the socket. A consumer that continues after the turn,
/// such as <c>ForwardToAsync</c>, reads all buffers of the turn again. They should still be in the processor's second-level cache then,
/// which has 512 KiB to 2 MiB on most servers.
/// </remarks>
/// <param name="turns">The kernel's interface for the length of turns; null if the kernel has none.</param>
/// <param name="ringFd">The descriptor of the ring.</param>
/// <param name="bufferLength">The length of a buffer in bytes.</param>
internal sealed class TurnLength(IReceiveTurns? turns, int ringFd, int bufferLength)
{
    /// <summary>The number of bytes in a short turn.</summary>
    public const int ShortTurn = 512 * 1024;

    /// <summary>The number of turns without scheduled work after which turns become long again.</summary>
    /// <remarks>
    /// A consumer whose target is full schedules no work until the target has room. It then continues on the ring thread. A few turns
    /// without work therefore do not mean that it has ended.
    /// </remarks>
    public const int QuietTurns = 16;

    private long _scheduled;
    private int _quiet = QuietTurns;

    /// <summary>Gets a value indicating whether the next turn is short.</summary>
    public bool IsShort { get; private set; }

    /// <summary>Decides whether the next turns are short, from the work that the last turn caused.</summary>
    /// <param name="hasReceived">Whether any connection received bytes in the last turn. If none did, nothing changes.</param>
    /// <param name="scheduled">The number of times so far that consumers have scheduled work on the ring thread.</param>
    public void Observe(bool hasReceived, long scheduled)
    {
        if (!hasReceived)
        {
            return;
        }

        _quiet = scheduled != _scheduled ? 0 : int.Min(_quiet + 1, QuietTurns);
        _scheduled = scheduled;
        bool isShort = _quiet < QuietTurns;
        if (isShort != IsShort)
        {
            IsShort = isShort;
            turns?.Limit(ringFd, isShort ? ShortTurn / bufferLength : int.MaxValue);
        }
    }
}

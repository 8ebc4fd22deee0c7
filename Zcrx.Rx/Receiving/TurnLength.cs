using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Receiving;

/// <summary>Shortens the turns of a kernel that copies, while consumers continue on the ring thread after the turn. Ring thread only.</summary>
/// <remarks>
/// An observer reads each buffer of a turn inside OnNext, and long turns need fewer reads. A consumer that continues after the turn, such as
/// <c>ForwardToAsync</c>, reads all buffers of the turn again. They should then still be in the processor's second cache, which has 512 KiB
/// to 2 MiB on most servers.
/// </remarks>
/// <param name="turns">The turns of the kernel; null if it has no such limit.</param>
/// <param name="ringFd">The ring.</param>
/// <param name="bufferLength">The length of a buffer.</param>
internal sealed class TurnLength(IReceiveTurns? turns, int ringFd, int bufferLength)
{
    /// <summary>The bytes of a short turn.</summary>
    public const int ShortTurn = 512 * 1024;

    /// <summary>The number of turns without scheduled work after which turns are long again.</summary>
    /// <remarks>A consumer whose target is full schedules nothing until the target has room, and then continues on the ring thread.</remarks>
    public const int QuietTurns = 16;

    private long _scheduled;
    private int _quiet = QuietTurns;

    /// <summary>Gets a value indicating whether the next turn is short.</summary>
    public bool IsShort { get; private set; }

    /// <summary>Decides the length of the next turns, after a turn.</summary>
    /// <param name="hasReceived">Whether connections have received. A turn without that decides nothing.</param>
    /// <param name="scheduled">The number of times that consumers have scheduled work on the ring thread so far.</param>
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

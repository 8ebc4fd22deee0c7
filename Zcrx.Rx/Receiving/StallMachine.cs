using System.Runtime.InteropServices;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Decides from repeated checks whether one connection has stalled. A connection stalls when bytes wait in its socket and its receive does
/// not deliver them.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct StallMachine
{
    private long _position;
    private bool _isSuspected;

    /// <summary>Gets a value indicating whether a stall was reported that is not over yet.</summary>
    public bool IsReported { get; private set; }

    /// <summary>
    /// Gets the time at which the stall was first suspected, in the clock's ticks. Valid after <see cref="StallStep.Rearm"/> and
    /// <see cref="StallStep.Report"/>.
    /// </summary>
    public long Since { get; private set; }

    /// <summary>
    /// Determines whether the connection has received bytes since the last check. If so, the caller need not read how many bytes wait in
    /// the socket.
    /// </summary>
    public readonly bool HasProgressed(long position) => position != _position;

    /// <summary>Records one check and decides what to do.</summary>
    /// <param name="now">The time of the check, in the clock's ticks.</param>
    /// <param name="position">The number of bytes received so far.</param>
    /// <param name="isOverdue">Whether bytes wait in the socket although the connection should be receiving.</param>
    /// <param name="timeout">The duration of a stall after which it is reported, in ticks.</param>
    /// <returns>The step that the caller must take.</returns>
    public StallStep Look(long now, long position, bool isOverdue, long timeout)
    {
        if (!isOverdue || HasProgressed(position))
        {
            _position = position;
            _isSuspected = false;
            if (!IsReported)
            {
                return StallStep.None;
            }

            IsReported = false;
            return StallStep.Recovered;
        }

        if (!_isSuspected)
        {
            // The bytes may have arrived only just now. Issuing the receive again is harmless in that case.
            _isSuspected = true;
            Since = now;
        }

        if (IsReported || now - Since < timeout)
        {
            return StallStep.Rearm;
        }

        IsReported = true;
        return StallStep.Report;
    }
}

using System.Runtime.InteropServices;

namespace Zcrx.Rx.Receiving;

/// <summary>Decides from repeated checks whether one connection has stalled.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct StallMachine
{
    private long _position;
    private bool _isSuspected;

    /// <summary>Gets a value indicating whether a stall was reported and is not over.</summary>
    public bool IsReported { get; private set; }

    /// <summary>
    /// Gets the time at which the stall may have begun, in the clock's ticks. Valid after <see cref="StallStep.Rearm"/> and
    /// <see cref="StallStep.Report"/>.
    /// </summary>
    public long Since { get; private set; }

    /// <summary>Determines whether the connection has received since the last check. If so, its socket need not be read.</summary>
    public readonly bool HasProgressed(long position) => position != _position;

    /// <summary>Records one check.</summary>
    /// <param name="now">The time, in the clock's ticks.</param>
    /// <param name="position">The number of bytes received so far.</param>
    /// <param name="isOverdue">Whether bytes wait in the socket while a receive is armed.</param>
    /// <param name="timeout">The time after which a stall is reported, in ticks.</param>
    /// <returns>The next step.</returns>
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
            // The bytes may have arrived just now. In that case, issuing the receive again is harmless.
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

using System.Runtime.InteropServices;

namespace Zcrx.Rx.Limits;

/// <summary>Decides from repeated checks whether a connection has been silent for too long.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct SilenceMachine
{
    private long _received;
    private long _sends;
    private long _since;
    private bool _hasBegun;

    /// <summary>Compares a connection's counts with those of the last check. Returns the limit that its silence has exceeded.</summary>
    /// <param name="now">The time, in ticks.</param>
    /// <param name="received">The number of bytes received so far.</param>
    /// <param name="sends">The number of sends so far.</param>
    /// <param name="isPeerAtFault">Whether the connection is receiving. Only then does the peer cause the silence; otherwise the time
    /// starts anew.</param>
    /// <param name="firstByte">The longest silence before the first byte in either direction, in ticks.</param>
    /// <param name="idle">The longest silence after the first byte, in ticks.</param>
    /// <returns>The limit that was exceeded; null for none.</returns>
    public ZcrxLimit? Look(long now, long received, long sends, bool isPeerAtFault, long firstByte, long idle)
    {
        if (!_hasBegun || !isPeerAtFault || received != _received || sends != _sends)
        {
            (_hasBegun, _received, _sends, _since) = (true, received, sends, now);
            return null;
        }

        bool wasEverUsed = received > 0 || sends > 0;
        return now - _since < (wasEverUsed ? idle : firstByte) ? null
            : wasEverUsed ? ZcrxLimit.IdleTimeout : ZcrxLimit.FirstByteTimeout;
    }

    /// <summary>Records that the connection is not silent, because bytes wait in its socket.</summary>
    public void Restart(long now) => _since = now;
}

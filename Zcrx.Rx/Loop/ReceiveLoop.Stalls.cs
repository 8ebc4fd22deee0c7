using System.Net.Sockets;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Loop;

/// <content>
/// Receives that stall. Linux 7.1 and 7.2.0 to 7.2.9 strand a request that runs out of buffers or completions in the middle of a packet: it stays armed, and delivers
/// nothing although bytes wait in the socket. No capability tells such a kernel from a repaired one, and a request that ended with −ENOMEM proves nothing, since all
/// kernels end one that has delivered nothing in its turn. So the bytes in the socket decide, on every kernel.
/// </content>
internal sealed unsafe partial class ReceiveLoop
{
    // Connections that one turn looks at.
    private const int LooksPerTurn = 512;

    private static readonly TimeSpan LongestLookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestLookInterval = TimeSpan.FromMilliseconds(10);

    private int _lookCursor;
    private int _unobserved;
    private long _lookAt = long.MaxValue;

    /// <summary>Whether bytes wait in the socket (SIOCINQ).</summary>
    private static int BytesWaiting(ZcrxConnection connection)
    {
        try
        {
            return connection.Socket.Available;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return 0;
        }
    }

    /// <summary>
    /// Finds requests that were stranded without a trace, as when a NIC holds the buffers that this loop counts as free, and reports connections that stall
    /// for any other reason. Every connection is looked at once per interval; one that has received since the last look costs no system call.
    /// </summary>
    private void LookForStalls()
    {
        if (_connections.Count == 0)
        {
            _lookAt = long.MaxValue;
            Counters.UnobservedConnections = 0;
            return;
        }

        if (_lookAt == long.MaxValue)
        {
            _lookAt = _now + LookInterval();
        }

        if (_now < _lookAt)
        {
            return;
        }

        for (int i = 0; i < LooksPerTurn && _lookCursor < _connections.Length; i++)
        {
            if (_connections.At(_lookCursor++) is { } connection)
            {
                LookAt(connection, _now);
                if (EndIfUnobserved(connection, _now))
                {
                    _unobserved++;
                }
            }
        }

        if (_lookCursor >= _connections.Length)
        {
            _lookCursor = 0;
            Counters.UnobservedConnections = _unobserved;
            _unobserved = 0;
            _lookAt = _now + LookInterval();
        }
    }

    private long LookInterval() => long.Clamp(long.Min(ToTicks(_options.ReceiveStallTimeout), UnobservedTicks()) / 4, ToTicks(ShortestLookInterval), ToTicks(LongestLookInterval));

    private long UnobservedTicks() => _options.UnobservedTimeout == Timeout.InfiniteTimeSpan ? long.MaxValue : ToTicks(_options.UnobservedTimeout);

    private void LookAt(ZcrxConnection connection, long now)
    {
        long position = connection.BytesReceived;
        int waiting = ShouldReceive(connection) && !connection.Stall.HasProgressed(position) ? BytesWaiting(connection) : 0;
        StallStep step = connection.Stall.Look(now, position, waiting > 0, ToTicks(_options.ReceiveStallTimeout));
        if (step is StallStep.Report)
        {
            Counters.Stalls++;
            Counters.StalledConnections++;
            _events.Stalled(StallOf(connection, waiting, now, isOver: false));
        }
        else if (step is StallStep.Recovered)
        {
            Counters.StalledConnections--;
            _events.Stalled(StallOf(connection, 0, now, isOver: true));
        }

        if (step is StallStep.Rearm or StallStep.Report && _options.RearmsStrandedReceives)
        {
            Reissue(connection);
        }
    }

    /// <summary>Whether nothing keeps the connection from receiving: neither the application, nor the pool as far as this loop knows.</summary>
    private bool ShouldReceive(ZcrxConnection connection) =>
        connection.ReceiveState != ReceiveState.Idle || (connection.IsStarved && FreeBuffers > 0 && connection.IsWanted);

    /// <summary>Cancels the receive; it is issued again in the next turn.</summary>
    private void Reissue(ZcrxConnection connection)
    {
        if (connection.ReceiveState == ReceiveState.Armed)
        {
            connection.ReceiveState = ReceiveState.Cancelling;
            PrepareCancel(ReceiveTag(connection));
        }
    }

    /// <summary>The connection leaves this queue: another one looks after it, or none.</summary>
    private void EndStall(ZcrxConnection connection)
    {
        if (connection.Stall.IsReported)
        {
            Counters.StalledConnections--;
            _events.Stalled(StallOf(connection, 0, _time.GetTimestamp(), isOver: true));
        }

        connection.Stall = default;
    }

    private ReceiveStall StallOf(ZcrxConnection connection, int waiting, long now, bool isOver) =>
        new(_options.Name, connection, connection.BytesReceived, waiting, _time.GetElapsedTime(connection.Stall.Since, now), isOver);
}

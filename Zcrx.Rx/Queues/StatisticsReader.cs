using Zcrx.Interop;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Queues;

/// <summary>Reads the statistics of a queue. Thread-safe.</summary>
internal static class StatisticsReader
{
    public static QueueStatistics Read(QueueLoop loop)
    {
        QueueCounters counters = loop.Counters;
        CopyStatistics copies = loop.Queue.ReadStatistics();
        (ArmState noBuffers, ArmState copy) = loop.ArmStates;
        return new QueueStatistics
        {
            Queue = loop.Host.Name,
            BytesReceived = counters.Bytes,
            BuffersReceived = counters.Buffers,
            CopiedFragments = (long)copies.Fragments,
            CopiedBytes = (long)copies.Bytes,
            Buffers = loop.Queue.Buffers,
            BuffersOut = loop.Queue.Ledger.Leased,
            Reserve = loop.Reserve,
            LeasedCopies = loop.Queue.Ledger.Copies,
            RefillDepth = (int)counters.RefillDepth,
            Flushes = counters.Flushes,
            Rearms = counters.Rearms,
            Pauses = counters.Pauses,
            PausedConnections = (int)counters.PausedConnections,
            CompletionOverflows = counters.Overflows,
            ReceiveStalls = counters.Stalls,
            StalledConnections = (int)counters.StalledConnections,
            UnobservedConnections = (int)counters.UnobservedConnections,
            NoBuffersNotifications = counters.NoBuffersNotifications,
            CopyNotifications = counters.CopyNotifications,
            Connections = (int)counters.Connections,
            ConnectionsOpened = counters.ConnectionsOpened,
            ConnectionsMovedIn = counters.ConnectionsMovedIn,
            ConnectionsRefused = counters.ConnectionsRefused,
            ConnectionsTimedOut = counters.ConnectionsTimedOut,
            ConnectionsUnfinished = counters.ConnectionsUnfinished,
            DiscardedBytes = counters.DiscardedBytes,
            CopiedFrameBytes = loop.Host.Frames.Used,
            FramesRefused = loop.Host.Frames.Refused,
            AwaitsDescriptors = loop.AwaitsDescriptors,
            Turns = loop.Turns,
            BusyTime = loop.Heartbeat.Busy,
            SpinTime = loop.SpinTime,
            TurnsByDuration = loop.Heartbeat.Durations.Read(),
            Pressure = loop.PressureLevel,
            TimeUnderPressure = loop.TimeUnderPressure,
            NoBuffersArmState = noBuffers,
            CopyArmState = copy,
        };
    }
}

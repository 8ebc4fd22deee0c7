using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Zcrx.Actors.Logging;

/// <summary>
/// Logs faults of consumers and peers at a bounded rate, because peers can repeat such faults at will. Callable on any thread.
/// </summary>
/// <param name="source">The name of the source of the events. The report of suppressed events contains it.</param>
/// <param name="logger">The log.</param>
/// <param name="time">The clock.</param>
internal sealed class FaultLog(string source, ILogger logger, TimeProvider time)
{
    private const int Burst = 20;
    private const int ConsumerFaulted = 1303;
    private const int FramingFailed = 1309;
    private const int StreamFailed = 1310;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly LogThrottle _throttle = new(Burst, Interval);
    private readonly long _start = time.GetTimestamp();
    private ITimer? _flush;
    private bool _isClosed;

    /// <summary>Logs that a consumer threw. Only the first exception of each code location is logged with its stack trace.</summary>
    public void Faulted(string queue, long? connection, Exception exception) => Write(
        ConsumerFaulted,
        exception,
        hasTrace => ZcrxLog.ConsumerFaulted(logger, queue, connection, exception.Message, hasTrace ? exception : null));

    /// <summary>Logs that a peer sent bytes that cannot be framed.</summary>
    public void FramingRefused(string queue, long? connection, Exception exception) => Write(FramingFailed, exception, _ => ZcrxLog.FramingFailed(logger, connection, queue, exception.Message));

    /// <summary>Logs the failure of a stream whose observer has no error handler.</summary>
    public void Unobserved(string queue, long connection, Exception exception) => Write(StreamFailed, exception, _ => ZcrxLog.StreamFailedUnobserved(logger, connection, queue, exception.Message));

    /// <summary>Reports the suppressed events that were not reported yet. Events after this call are still logged.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            _flush?.Dispose();
        }

        Flush();
    }

    private void Write(int id, Exception exception, Action<bool> write)
    {
        LogDecision decision;
        lock (_gate)
        {
            decision = _throttle.Decide(id, () => PlaceOf(exception), time.GetElapsedTime(_start));
            if (!decision.IsWritten && _flush is null && !_isClosed)
            {
                _flush = time.CreateTimer(static state => ((FaultLog)state!).Flush(), this, Interval, Timeout.InfiniteTimeSpan);
            }
        }

        if (decision.Suppressed > 0)
        {
            ZcrxLog.Suppressed(logger, decision.Suppressed, id, source, Interval);
        }

        if (decision.IsWritten)
        {
            write(decision.HasTrace);
        }
    }

    private void Flush()
    {
        IReadOnlyList<KeyValuePair<int, long>> suppressed;
        lock (_gate)
        {
            _flush?.Dispose();
            _flush = null;
            suppressed = _throttle.TakeSuppressed();
        }

        foreach ((int id, long count) in suppressed)
        {
            ZcrxLog.Suppressed(logger, count, id, source, Interval);
        }
    }

    /// <summary>Returns the type of an exception and the method that threw it.</summary>
    private static string PlaceOf(Exception exception)
    {
        StackFrame? frame = new StackTrace(exception, fNeedFileInfo: false).GetFrame(0);
        return frame is null ? exception.GetType().ToString() : $"{exception.GetType()} at {DiagnosticMethodInfo.Create(frame)?.DeclaringTypeName}.{DiagnosticMethodInfo.Create(frame)?.Name} {frame.GetILOffset()}";
    }
}

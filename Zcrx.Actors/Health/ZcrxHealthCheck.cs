using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Rx;

namespace Zcrx.Actors.Health;

/// <summary>
/// Checks readiness. Fails if Zcrx is not running, no queue receives, or the ports are closed. Any other problem, such as an exhausted
/// pool, is reported as Degraded.
/// </summary>
/// <remarks>The data of the result contain <c>state</c>, an entry for each queue, and <c>reasons</c>, the codes of the problems.</remarks>
internal sealed class ZcrxHealthCheck(IStatusSource zcrx) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ZcrxStatus status = await zcrx.GetStatusAsync(includeConnections: false, cancellationToken).ConfigureAwait(false);
        return Judge(status, context.Registration.FailureStatus);
    }

    internal static HealthCheckResult Judge(ZcrxStatus status, HealthStatus failure)
    {
        Dictionary<string, object> data = new(StringComparer.Ordinal) { ["state"] = status.State.ToString() };
        foreach (QueueStatus queue in status.Queues)
        {
            data[$"queue:{queue.Name}"] = $"{queue.State}, {queue.Engine?.ToString() ?? "no engine"}, restarts: {queue.Restarts}";
        }

        data["reasons"] = HealthReasons.Of(status);
        if (status.State != ZcrxState.Running)
        {
            return new HealthCheckResult(failure, $"Zcrx is {status.State}. {Reasons(status)}".TrimEnd(), FirstError(status), data);
        }

        if (!status.Queues.Any(static queue => queue.State == QueueState.Open))
        {
            return new HealthCheckResult(failure, $"No queue receives. {Reasons(status)}", FirstError(status), data);
        }

        if (!status.IsAccepting)
        {
            return new HealthCheckResult(failure, "The ports are closed; open connections continue.", null, data);
        }

        string reasons = Reasons(status);
        return reasons.Length == 0
            ? HealthCheckResult.Healthy($"{status.Queues.Count} queue(s) receive.", data)
            : new HealthCheckResult(HealthStatus.Degraded, reasons, FirstError(status), data);
    }

    private static string Reasons(ZcrxStatus status) => string.Join(
        " ",
        status.Listeners.Select(Reason).Concat(status.Queues.Select(Reason)).Concat(status.Queues.Select(Stuck)).Concat(status.Queues.Select(Stalls)).Concat(status.Queues.Select(Descriptors)).Append(Refusal(status)).Append(Reason(status.Rebalancing)).Where(static reason => reason.Length > 0));

    private static string Refusal(ZcrxStatus status) =>
        status.RefusedOptions.Count == 0 ? "" : $"Changed options were refused: {string.Join("; ", status.RefusedOptions)}.";

    private static string Reason(ListenerStatus listener) => listener switch
    {
        { Error: { } error } => $"Listener {listener.Name} is closed: {error.Message}",
        { IsFull: true } => $"Listener {listener.Name} has reached its limit of {listener.MaxConnections} connections and resets further ones.",
        _ => "",
    };

    private static string Descriptors(QueueStatus queue) => queue.Statistics is { AwaitsDescriptors: true }
        ? $"Queue {queue.Name} accepts nothing: the process has few file descriptors left." : "";

    private static string Reason(RebalancingStatus rebalancing) => rebalancing.Degraded switch
    {
        [] => "",
        [var only] => $"Connection {only.ConnectionId} on {only.Queue} is copied: {only.Reason}.",
        [var first, ..] => $"{rebalancing.Degraded.Count} connections are copied, the first of them because {first.Reason}.",
    };

    private static string Stuck(QueueStatus queue) =>
        queue.Stuck is null ? "" : $"The ring thread of {queue.Name} has been stuck since {queue.Stuck.Since:HH:mm:ss} UTC {queue.Stuck.Place}.";

    private static string Stalls(QueueStatus queue) => queue.StalledConnections switch
    {
        0 => "",
        1 => $"One connection of {queue.Name} has stalled: bytes wait in its socket, and nothing is received.",
        int count => $"{count} connections of {queue.Name} have stalled: bytes wait in their sockets, and nothing is received.",
    };

    private static string Reason(QueueStatus queue) => queue.State switch
    {
        QueueState.Open when queue.Statistics is { Pressure: PoolPressureLevel.Exhausted } pool => $"The pool of {queue.Name} is exhausted: {pool.BuffersOut} of {pool.Buffers} buffers are in flight.{Held(queue.Queued, pool.Buffers)}",
        QueueState.Open => "",
        QueueState.Restarting => $"Queue {queue.Name} waits to be opened again: {queue.LastError?.Message}",
        QueueState.Failed => $"Queue {queue.Name} has failed: {queue.LastError?.Message}",
        QueueState.Opening => $"Queue {queue.Name} is being opened.",
        QueueState.Stopping => $"Queue {queue.Name} is being closed.",
        _ => $"Queue {queue.Name} is closed.",
    };

    private static string Held(QueuedBuffers? queued, int buffers) => queued is null
        ? ""
        : $" {queued.Buffers} of them wait in {queued.Queues} operators whose {queued.BoundName} allows {queued.Allowed}: lower it to {queued.BoundFor(buffers)}.";

    private static Exception? FirstError(ZcrxStatus status) =>
        status.Listeners.Select(static listener => listener.Error)
            .Concat(status.Queues.Where(static queue => queue.State is QueueState.Failed or QueueState.Restarting).Select(static queue => queue.LastError))
            .FirstOrDefault(static error => error is not null);
}

using Akka.Actor;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Zcrx.Actors.Health;

/// <summary>
/// Checks liveness. Fails if the actor tree has ended without a stop, does not answer, or has given up every queue. Also fails if a ring
/// thread has been stuck for longer than <see cref="ZcrxWatchdogOptions.NotLiveAfter"/>. Only a restart of the process helps then.
/// </summary>
internal sealed class ZcrxLivenessCheck(IStatusSource zcrx) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ZcrxStatus status;
        try
        {
            status = await zcrx.GetStatusAsync(includeConnections: false, cancellationToken).ConfigureAwait(false);
        }
        catch (AskTimeoutException exception)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "Zcrx does not answer.", exception);
        }

        return Judge(status, zcrx.HasEndedUnasked, context.Registration.FailureStatus);
    }

    internal static HealthCheckResult Judge(ZcrxStatus status, bool hasEndedUnasked, HealthStatus failure)
    {
        if (hasEndedUnasked)
        {
            return new HealthCheckResult(failure, "Zcrx has ended without a stop.");
        }

        if (status.Queues.FirstOrDefault(static queue => queue.Stuck is { FailsLiveness: true }) is { } stuck)
        {
            return new HealthCheckResult(failure, $"Queue {stuck.Name} has been stuck since {stuck.Stuck!.Since:HH:mm:ss} UTC {stuck.Stuck.Place}.");
        }

        return status.State == ZcrxState.Running && status.Queues.All(static queue => queue.State == QueueState.Failed)
            ? new HealthCheckResult(failure, "Every queue has been given up.", status.Queues[0].LastError)
            : HealthCheckResult.Healthy($"Zcrx is {status.State}.");
    }
}

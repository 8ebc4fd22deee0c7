using Akka.Actor;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Zcrx.Actors.Health;

/// <summary>Fails if only a new process helps: the tree has ended without a stop, does not answer, or has given up every queue.</summary>
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

        return status.State == ZcrxState.Running && status.Queues.All(static queue => queue.State == QueueState.Failed)
            ? new HealthCheckResult(failure, "Every queue has been given up.", status.Queues[0].LastError)
            : HealthCheckResult.Healthy($"Zcrx is {status.State}.");
    }
}

using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LogIngest.Reporting;

/// <summary>Reports a degraded state while batches cannot be stored. The senders wait during this time, and no message is lost.</summary>
internal sealed class StoreHealthCheck(StoreCondition condition, IngestMetrics metrics) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        condition.Oldest is { } failure
            ? HealthCheckResult.Degraded($"The store has failed since {failure.Since:HH:mm:ss} UTC, {metrics.Waiting} messages wait: {failure.Reason}")
            : HealthCheckResult.Healthy());
}

using LogIngest.Reporting;
using Zcrx.Actors;
using Zcrx.Rx;

namespace LogIngest.Tests.Reporting;

public sealed class IngestStatusTests
{
    [Theory]
    [InlineData(ZcrxConnectionState.Receiving, 0)]
    [InlineData(ZcrxConnectionState.Unobserved, 0)]
    [InlineData(ZcrxConnectionState.Paused, 1)]
    [InlineData(ZcrxConnectionState.PausedByPressure, 1)]
    [InlineData(ZcrxConnectionState.Moving, 0)]
    [InlineData(ZcrxConnectionState.Ended, 0)]
    public void Paused_counts_only_connections_that_wait_for_the_store_or_for_buffers(ZcrxConnectionState state, int expected)
    {
        using IngestMetrics metrics = new();
        ZcrxStatus zcrx = new()
        {
            State = ZcrxState.Running,
            Time = TimeProvider.System.GetUtcNow(),
            Queues = [new QueueStatus { Name = "q", State = QueueState.Open, Connections = [new ConnectionStatus { Id = 1, Queue = "q", State = state }] }],
        };

        IngestStatus status = IngestStatus.From(zcrx, metrics, new StoreCondition(TimeProvider.System));

        Assert.Equal((1, expected), (status.Connections, status.Paused));
    }
}

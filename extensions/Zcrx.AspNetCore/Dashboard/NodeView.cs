namespace Zcrx.AspNetCore.Dashboard;

/// <summary>
/// Represents one node of a cluster. Numbers are sums over the queues of the node. Bytes count from the last opening of each queue.
/// </summary>
internal sealed record NodeView(
    string Name,
    DateTimeOffset Time,
    double Age,
    string State,
    bool IsAccepting,
    IReadOnlyList<string> Reasons,
    int Queues,
    int OpenQueues,
    int Connections,
    int BuffersOut,
    int Buffers,
    long Bytes,
    long CopiedBytes,
    long Restarts);

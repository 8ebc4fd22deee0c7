namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Represents one node of a cluster. Queues are counted together; bytes are those since they were last opened.</summary>
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

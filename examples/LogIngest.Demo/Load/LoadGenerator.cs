namespace LogIngest.Demo.Load;

/// <summary>
/// Sends numbered messages over several connections. Ends when the service has stored all messages and closed all connections.
/// </summary>
internal sealed class LoadGenerator
{
    private readonly LoadConnection[] _connections;
    private readonly TimeSpan _duration;

    public LoadGenerator(LoadPlan plan)
    {
        _duration = plan.Duration;
        _connections = [.. Enumerable.Range(0, plan.Connections).Select(number => new LoadConnection(plan, number))];
    }

    /// <summary>Gets the number of messages that were passed to the kernel.</summary>
    public long Sent => _connections.Sum(static connection => connection.Sent);

    /// <summary>Gets the longest time that one send took.</summary>
    public TimeSpan LongestStall => _connections.Max(static connection => connection.LongestStall);

    /// <summary>Gets the number of bytes that wait in the sockets because the service does not read them.</summary>
    public long BytesQueued => _connections.Sum(static connection => connection.BytesQueued);

    /// <summary>Sends until the time is over, then waits until the service has closed every connection.</summary>
    /// <param name="cancellationToken">Cancels sending and waiting.</param>
    /// <param name="end">Ends sending before the time is over.</param>
    /// <exception cref="IOException">The service reset a connection.</exception>
    public async Task RunAsync(CancellationToken cancellationToken, CancellationToken end = default)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, end);
        over.CancelAfter(_duration);
        await Task.WhenAll(_connections.Select(connection => Task.Run(() => connection.RunAsync(over.Token, cancellationToken), CancellationToken.None)));
    }
}

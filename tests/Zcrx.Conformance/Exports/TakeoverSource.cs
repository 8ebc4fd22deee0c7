using System.Collections.Concurrent;
using System.Net.Sockets;
using Zcrx.Rx;

namespace Zcrx.Conformance.Exports;

/// <summary>Offers one listener and one queue for a takeover.</summary>
internal sealed class TakeoverSource(Socket listener, ZcrxQueue queue) : ITakeoverSource
{
    private readonly TaskCompletionSource _cameBack = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets a reason for each failed attempt to take over the queue.</summary>
    public ConcurrentQueue<string> Stays { get; } = new();

    public Task CameBack => _cameBack.Task;

    /// <summary>Gets the function that stops accepting connections when the successor is ready.</summary>
    public Func<Task> Release { get; init; } = static () => Task.CompletedTask;

    public IReadOnlyList<KeyValuePair<string, Socket>> GetListeners() => [KeyValuePair.Create("test", listener)];

    public IReadOnlyList<ZcrxQueue> GetQueues() => [queue];

    public void OnQueueStays(string queue, string reason) => Stays.Enqueue(reason);

    public void OnQueueCameBack(string queue) => _cameBack.TrySetResult();

    public Task ReleaseAsync(int successor) => Release();

    public void OnAttemptFailed(Exception cause)
    {
    }
}

using System.Collections.Concurrent;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>Holds the queues that came from another process until they are opened here.</summary>
/// <remarks>Threading: all members from any thread. Each queue is taken once and then owned by the caller; the rest is disposed with this object.</remarks>
internal sealed class IncomingQueues : IDisposable
{
    private readonly ConcurrentDictionary<string, IncomingQueue> _queues = new(StringComparer.Ordinal);

    public void Add(string name, IncomingQueue queue) => _queues[name] = queue;

    public IncomingQueue? Take(string name) => _queues.TryRemove(name, out IncomingQueue? queue) ? queue : null;

    public void Dispose()
    {
        foreach (string name in _queues.Keys)
        {
            Take(name)?.Dispose();
        }
    }
}

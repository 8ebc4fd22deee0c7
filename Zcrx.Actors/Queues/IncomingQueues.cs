using System.Collections.Concurrent;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>Holds the queues of the predecessor of a takeover until this process opens them.</summary>
/// <remarks>
/// The caller of <see cref="Take"/> owns the queue. This object owns and disposes the others. Threading: all members are callable on any
/// thread.
/// </remarks>
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

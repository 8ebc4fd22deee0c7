namespace Zcrx.Rx.Receiving;

/// <summary>Counts the leased buffers that wait in the queues of operators.</summary>
internal static class QueuedBufferCount
{
    /// <summary>Counts the buffers that wait in the operators of the given connections.</summary>
    /// <returns>
    /// The count; null when operators hold at most half of the leased buffers. Their bounds then do not explain an exhausted pool.
    /// </returns>
    public static QueuedBuffers? Of(IEnumerable<ConnectionReceiver> connections, int leased)
    {
        int buffers = 0;
        int queues = 0;
        long allowed = 0;
        Dictionary<string, int> names = new(StringComparer.Ordinal);
        foreach (ConnectionReceiver connection in connections)
        {
            int waiting = 0;
            foreach (IBoundedQueue queue in connection.Queues.Items)
            {
                if (queue.Waiting == 0)
                {
                    continue;
                }

                waiting += queue.Waiting;
                queues++;
                allowed += queue.Bound;
                names[queue.BoundName] = names.GetValueOrDefault(queue.BoundName) + 1;
            }

            // Several frames may lie in one buffer, and several operators may hold the same buffer. The count of a connection is therefore
            // at most its number of leased buffers.
            buffers += int.Min(waiting, connection.BuffersLeased);
        }

        return buffers * 2 > leased ? new QueuedBuffers(buffers, queues, allowed, names.MaxBy(static name => name.Value).Key) : null;
    }
}

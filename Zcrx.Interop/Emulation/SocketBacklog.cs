namespace Zcrx.Interop.Emulation;

/// <summary>
/// Records the unread bytes of one socket that arrived before the last change of steering. They are divided into pieces by the memory that
/// holds them, in stream order.
/// </summary>
/// <remarks>
/// Threading: the interface adds bytes, and the receiving ring consumes them. A caller must read from the socket and update the record
/// under the same lock (<see cref="Enter"/>). Another thread could otherwise see one change without the other.
/// </remarks>
internal sealed class SocketBacklog
{
    private readonly Lock _gate = new();
    private readonly LinkedList<LandedBytes> _pieces = [];
    private long _bytes;

    /// <summary>Excludes other threads until the result is disposed. While the lock is held, no other lock may be taken.</summary>
    public Lock.Scope Enter() => _gate.EnterScope();

    /// <summary>Records the memory of all unread bytes that are not recorded yet.</summary>
    /// <param name="waiting">The number of bytes that wait in the socket.</param>
    /// <param name="owner">The interface queue whose memory holds the bytes; null for kernel memory.</param>
    /// <param name="rxQueue">The RX queue on which the bytes arrived.</param>
    public void Add(long waiting, EmulatedInterfaceQueue? owner, int rxQueue)
    {
        lock (_gate)
        {
            Trim(waiting);
            if (waiting == _bytes)
            {
                return;
            }

            long more = waiting - _bytes;
            _bytes = waiting;
            if (_pieces.Last is { } last && last.Value.Owner == owner && last.Value.RxQueue == rxQueue)
            {
                last.Value = last.Value with { Count = last.Value.Count + more };
            }
            else
            {
                _pieces.AddLast(new LandedBytes(more, owner, rxQueue));
            }
        }
    }

    /// <summary>Finds the piece that contains the next byte of the stream.</summary>
    /// <param name="waiting">The number of bytes that wait in the socket.</param>
    /// <param name="next">The piece; default when the method returns false.</param>
    /// <returns>False when the next byte arrived after the last change of steering.</returns>
    public bool TryPeek(long waiting, out LandedBytes next)
    {
        lock (_gate)
        {
            Trim(waiting);
            next = _pieces.First?.Value ?? default;
            return _pieces.Count > 0;
        }
    }

    /// <summary>Removes received bytes from the record. The count may exceed the recorded bytes.</summary>
    public void Consume(long count)
    {
        lock (_gate)
        {
            count = long.Min(count, _bytes);
            _bytes -= count;
            while (count > 0 && _pieces.First is { } first)
            {
                long part = long.Min(count, first.Value.Count);
                count -= part;
                if (part == first.Value.Count)
                {
                    _pieces.RemoveFirst();
                }
                else
                {
                    first.Value = first.Value with { Count = first.Value.Count - part };
                }
            }
        }
    }

    /// <summary>Removes from the record the bytes that other code has received from the socket.</summary>
    private void Trim(long waiting)
    {
        if (_bytes > waiting)
        {
            Consume(_bytes - waiting);
        }
    }
}

namespace Zcrx.Interop.Leases;

/// <summary>Carries released slots from any thread to the ring's thread: a lock-free list with many producers and one consumer, which takes all of it at once.</summary>
/// <remarks>The list runs through <see cref="LeaseSlot.Next"/>. After <see cref="Close"/> it takes nothing any more.</remarks>
/// <param name="wake">Wakes the ring's thread; called by a releasing thread only when <see cref="TryPrepareToSleep"/> asked for it.</param>
internal sealed class ReturnList(Action wake)
{
    /// <summary>The end of the list.</summary>
    public const int Nil = -1;

    private const int Closed = -2;

    private int _last = Nil;
    private int _wakeWanted;

    /// <summary>Gets a value indicating whether there is nothing to take.</summary>
    public bool IsEmpty => Volatile.Read(ref _last) is Nil or Closed;

    public bool IsClosed => Volatile.Read(ref _last) == Closed;

    /// <summary>Adds a slot, and wakes the ring's thread if it sleeps. Any thread.</summary>
    /// <returns>False when the list is closed.</returns>
    public bool TryAdd(int index, ref LeaseSlot slot)
    {
        int last = Volatile.Read(ref _last);
        while (last != Closed)
        {
            slot.Next = last;
            int seen = Interlocked.CompareExchange(ref _last, index, last);
            if (seen == last)
            {
                // The compare-exchange above is a full fence: the list was extended before this is read.
                if (Volatile.Read(ref _wakeWanted) != 0 && Interlocked.Exchange(ref _wakeWanted, 0) != 0)
                {
                    wake();
                }

                return true;
            }

            last = seen;
        }

        return false;
    }

    /// <summary>Takes the whole list. Ring's thread only, before <see cref="Close"/>.</summary>
    /// <returns>The slot that was added last; <see cref="Nil"/> for none.</returns>
    public int TakeAll() => Interlocked.Exchange(ref _last, Nil);

    /// <summary>Closes the list. Ring's thread only, once.</summary>
    /// <returns>The slot that was added last; <see cref="Nil"/> for none.</returns>
    public int Close() => Interlocked.Exchange(ref _last, Closed);

    /// <summary>Requests that the next return wakes the ring's thread. Ring's thread only.</summary>
    /// <returns>False when something has been returned already: drain instead of sleeping.</returns>
    public bool TryPrepareToSleep()
    {
        // Full fence: the wish must be visible before the list is looked at, else a return in between would wake nobody.
        Interlocked.Exchange(ref _wakeWanted, 1);
        if (Volatile.Read(ref _last) == Nil)
        {
            return true;
        }

        Volatile.Write(ref _wakeWanted, 0);
        return false;
    }

    /// <summary>Withdraws the request: the ring's thread is awake.</summary>
    public void Awake() => Volatile.Write(ref _wakeWanted, 0);
}

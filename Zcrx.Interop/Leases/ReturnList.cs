namespace Zcrx.Interop.Leases;

/// <summary>
/// Passes released slots from any thread to the ring thread through a lock-free list. Any thread adds slots. The ring thread takes the
/// whole list at once.
/// </summary>
/// <remarks>The list links slots by <see cref="LeaseSlot.Next"/>. After <see cref="Close"/>, no slot can be added.</remarks>
/// <param name="wake">Wakes the ring thread. A releasing thread calls it only after <see cref="TryPrepareToSleep"/>.</param>
internal sealed class ReturnList(Action wake)
{
    /// <summary>Marks the end of the list.</summary>
    public const int Nil = -1;

    private const int Closed = -2;

    private int _last = Nil;
    private int _wakeWanted;

    /// <summary>Gets a value indicating whether the list is empty or closed.</summary>
    public bool IsEmpty => Volatile.Read(ref _last) is Nil or Closed;

    public bool IsClosed => Volatile.Read(ref _last) == Closed;

    /// <summary>Adds a slot, and wakes the ring thread if it sleeps. Any thread.</summary>
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
                // The compare-exchange above is a full fence. The slot is thus in the list before the wake request is read.
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

    /// <summary>Takes the whole list. Ring thread only, before <see cref="Close"/>.</summary>
    /// <returns>The slot that was added last, or <see cref="Nil"/>.</returns>
    public int TakeAll() => Interlocked.Exchange(ref _last, Nil);

    /// <summary>Closes the list. Ring thread only, once.</summary>
    /// <returns>The slot that was added last; <see cref="Nil"/> for none.</returns>
    public int Close() => Interlocked.Exchange(ref _last, Closed);

    /// <summary>Requests that the next added slot wakes the ring thread. Called by the ring thread before it sleeps.</summary>
    /// <returns>False when the list already contains slots. The ring thread must drain them instead of sleeping.</returns>
    public bool TryPrepareToSleep()
    {
        // The exchange is a full fence: the request becomes visible before the list is read. Otherwise a concurrent return might not wake
        // the thread.
        Interlocked.Exchange(ref _wakeWanted, 1);
        if (Volatile.Read(ref _last) == Nil)
        {
            return true;
        }

        Volatile.Write(ref _wakeWanted, 0);
        return false;
    }

    /// <summary>Withdraws the request to wake the ring thread. Called when it is awake.</summary>
    public void Awake() => Volatile.Write(ref _wakeWanted, 0);
}

using LogIngest.Storing;

namespace LogIngest.Tests.Support;

/// <summary>Counts how often the service opens a store. A writer opens its store again only after a restart.</summary>
internal sealed class CountingStores : ILogStores
{
    private ILogStores? _stores;
    private int _opened;

    public int Opened => Volatile.Read(ref _opened);

    /// <summary>Sets the stores that this object opens and counts.</summary>
    public CountingStores Over(ILogStores stores)
    {
        _stores = stores;
        return this;
    }

    public ILogStore Open(int writer)
    {
        Interlocked.Increment(ref _opened);
        return _stores!.Open(writer);
    }
}

using LogIngest.Storing;

namespace LogIngest.Tests.Support;

/// <summary>Counts the stores that the service opens. A writer opens its store again only after a restart.</summary>
internal sealed class CountingStores : ILogStores
{
    private ILogStores? _stores;
    private int _opened;

    public int Opened => Volatile.Read(ref _opened);

    /// <summary>Sets the stores that are opened and counted.</summary>
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

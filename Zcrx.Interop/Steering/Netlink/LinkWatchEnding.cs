namespace Zcrx.Interop.Steering.Netlink;

/// <summary>Ends a watch, once.</summary>
internal sealed class LinkWatchEnding(Action end) : IDisposable
{
    private Action? _end = end;

    public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
}

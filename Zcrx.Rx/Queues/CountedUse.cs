namespace Zcrx.Rx.Queues;

/// <summary>Ends a counted use when it is disposed. Only the first disposal counts. Thread-safe.</summary>
internal sealed class CountedUse(Action end) : IDisposable
{
    private Action? _end = end;

    public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
}

namespace Zcrx.Rx.Queues;

/// <summary>
/// Calls a delegate when it is disposed, which ends a counted use such as a pause. Further disposals have no effect. Thread-safe.
/// </summary>
internal sealed class CountedUse(Action end) : IDisposable
{
    private Action? _end = end;

    public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
}

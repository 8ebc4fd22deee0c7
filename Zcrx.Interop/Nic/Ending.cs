namespace Zcrx.Interop.Nic;

/// <summary>Runs an action when it is disposed for the first time.</summary>
internal sealed class Ending(Action end) : IDisposable
{
    private Action? _end = end;

    public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
}

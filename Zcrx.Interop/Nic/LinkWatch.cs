namespace Zcrx.Interop.Nic;

/// <summary>Represents one interface that is watched.</summary>
internal sealed class LinkWatch(string name, uint index, Action<LinkChange> changed)
{
    // Lock order: this lock, then the lock of LinkMonitor's session, which reads the state, or the wake-up lock of RingThread, which
    // receives the report.
    private readonly Lock _gate = new();
    private LinkState? _state;

    public uint Index => index;

    /// <summary>Reports a state that differs from the last one. Reports nothing after a removal. Any thread.</summary>
    public void Report(LinkState state) => Report(LinkState? () => state);

    /// <summary>Reads and reports a state under one lock, so that an older state is never reported after a newer one.</summary>
    /// <param name="read">Reads the state; null if it cannot be read now.</param>
    public void Report(Func<LinkState?> read)
    {
        lock (_gate)
        {
            if (read() is not { } state)
            {
                return;
            }

            // The first state is the state at the start of the watch and not a change.
            bool isChange = _state is not null || state == LinkState.Removed;
            if (_state == state || _state == LinkState.Removed)
            {
                return;
            }

            _state = state;
            if (isChange)
            {
                changed(new LinkChange(name, state));
            }
        }
    }
}

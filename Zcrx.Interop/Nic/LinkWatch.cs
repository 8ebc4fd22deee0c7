namespace Zcrx.Interop.Nic;

/// <summary>Watches one interface. Reports each change of its state once and in order.</summary>
internal sealed class LinkWatch(string name, uint index, Action<LinkChange> changed)
{
    // Lock order: this lock, then one of two others. The lock of LinkMonitor's session is taken to read the state. The wake-up lock of
    // RingThread is taken by the receiver of the report.
    private readonly Lock _gate = new();
    private LinkState? _state;

    public uint Index => index;

    /// <summary>Reports a state if it differs from the last one. Reports nothing after a removal. Any thread.</summary>
    public void Report(LinkState state) => Report(LinkState? () => state);

    /// <summary>
    /// Reads a state and reports it if it differs from the last one. One lock covers both, so that an older state is never reported after a
    /// newer one.
    /// </summary>
    /// <param name="read">Reads the state; returns null if it cannot be read now.</param>
    public void Report(Func<LinkState?> read)
    {
        lock (_gate)
        {
            if (read() is not { } state)
            {
                return;
            }

            // The first state is that at the start of the watch. It is not a change, except if the interface is already removed.
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

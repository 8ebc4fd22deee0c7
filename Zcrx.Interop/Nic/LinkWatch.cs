namespace Zcrx.Interop.Nic;

/// <summary>Represents one interface that is watched.</summary>
internal sealed class LinkWatch(string name, uint index, Action<LinkChange> changed)
{
    // Lock order: this one, then LinkMonitor's session, which reads the state, or RingThread's wake-up, which the report ends in.
    private readonly Lock _gate = new();
    private LinkState? _state;

    public uint Index => index;

    /// <summary>Reports a state, unless it is the same as before or the removal has been reported. Any thread.</summary>
    public void Report(LinkState state) => Report(LinkState? () => state);

    /// <summary>Reads and reports a state in one step, so that an older state is never reported after a newer one.</summary>
    /// <param name="read">Reads the state; null if it cannot be read now.</param>
    public void Report(Func<LinkState?> read)
    {
        lock (_gate)
        {
            if (read() is not { } state)
            {
                return;
            }

            // The first state is the one at the start of the watch, and no change.
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

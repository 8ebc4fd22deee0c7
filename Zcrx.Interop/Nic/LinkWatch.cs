namespace Zcrx.Interop.Nic;

/// <summary>One interface that somebody watches.</summary>
internal sealed class LinkWatch(string name, uint index, Action<LinkChange> changed)
{
    private readonly Lock _gate = new();
    private LinkState? _state;

    public uint Index => index;

    /// <summary>Tells of a state, unless it is the same as before, or the interface is gone already. Any thread.</summary>
    public void Report(LinkState state) => Report(LinkState? () => state);

    /// <summary>The same for a state that is asked for. The answer and the report are one step, so that an older answer is never reported after a newer one.</summary>
    /// <param name="read">Reads the state; null if it cannot be read now.</param>
    public void Report(Func<LinkState?> read)
    {
        lock (_gate)
        {
            if (read() is not { } state)
            {
                return;
            }

            // The first one is how it was found.
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

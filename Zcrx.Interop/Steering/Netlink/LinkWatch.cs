namespace Zcrx.Interop.Steering.Netlink;

/// <summary>One interface that somebody watches.</summary>
internal sealed class LinkWatch(string name, uint index, Action<LinkChange> changed)
{
    private readonly Lock _gate = new();
    private LinkState? _state;

    public uint Index => index;

    /// <summary>Tells of a state, unless it is the same as before, or the interface is gone already. Any thread.</summary>
    public void Report(LinkState state)
    {
        lock (_gate)
        {
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

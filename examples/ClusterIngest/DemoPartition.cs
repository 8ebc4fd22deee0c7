using System.Runtime.InteropServices;

namespace ClusterIngest;

/// <summary>
/// Cuts a node off from the others while frames are sent. Connects it again after the specified time, or when the process receives SIGCONT.
/// </summary>
internal sealed class DemoPartition : IDisposable
{
    private readonly PartitionOptions _options;
    private readonly long _total;
    private readonly IDemoView _view;
    private readonly PosixSignalRegistration _signal;
    private volatile bool _isToEnd;
    private TimeSpan? _began;
    private bool _hasEnded;

    /// <param name="options">The options of the network partition.</param>
    /// <param name="total">The number of frames of the demo.</param>
    /// <param name="view">Shows messages to the user.</param>
    public DemoPartition(PartitionOptions options, long total, IDemoView view)
    {
        (_options, _total, _view) = (options, total, view);
        _signal = PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => _isToEnd = true);
    }

    public void Dispose() => _signal.Dispose();

    /// <summary>Takes the node's link down or up when it is time for that. Called regularly with the progress of the demo.</summary>
    /// <param name="time">The time since the start.</param>
    /// <param name="taken">The number of frames that entities have taken.</param>
    public async Task OnProgressAsync(TimeSpan time, long taken)
    {
        if (_began is null && taken >= _total / 4)
        {
            await DemoNetwork.SetLinkAsync(_options.Node, isUp: false);
            _began = time;
            _view.Say($"{_options.Node} is cut off from the other nodes");
        }
        else if (_began is not null && !_hasEnded && (_isToEnd || time - _began >= _options.HealAfter))
        {
            await DemoNetwork.SetLinkAsync(_options.Node, isUp: true);
            _hasEnded = true;
            _view.Say($"{_options.Node} is connected again");
        }
    }
}

using System.Collections.Concurrent;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;

namespace Zcrx.Actors.Tests.Rebalancing;

/// <summary>Steers an emulated interface. A test can make the calls throw or wait.</summary>
internal sealed class GatedSteering : IFlowSteering, IDisposable
{
    private readonly ManualResetEventSlim _open = new(initialState: true);
    private readonly ConcurrentQueue<IReadOnlyList<int>> _tables = new();
    private volatile EmulatedFlowSteering? _inner;
    private int _waiting;

    /// <summary>Gets or sets the exception that calls to add a rule throw.</summary>
    public Exception? OnAdd { get; set; }

    public Exception? OnRemove { get; set; }

    /// <summary>Gets the number of calls that wait for the gate.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Gets the RSS tables in the order in which they were set.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Tables => [.. _tables];

    public void Use(EmulatedNic nic) => _inner = new EmulatedFlowSteering([nic]);

    public void Close() => _open.Reset();

    public void Open() => _open.Set();

    public int AddRule(string interfaceName, FlowRule rule) => OnAdd is { } error ? throw error : _inner!.AddRule(interfaceName, rule);

    public bool RemoveRule(string interfaceName, int id) => OnRemove is { } error ? throw error : _inner!.RemoveRule(interfaceName, id);

    public void SetRssTable(string interfaceName, IReadOnlyList<int> table)
    {
        Interlocked.Increment(ref _waiting);
        _open.Wait(Eventually.Limit);
        Interlocked.Decrement(ref _waiting);
        _tables.Enqueue(table);
        _inner!.SetRssTable(interfaceName, table);
    }

    public void SetHeaderDataSplit(string interfaceName, bool? split, int? threshold) => _inner!.SetHeaderDataSplit(interfaceName, split, threshold);

    public void Dispose() => _open.Dispose();
}

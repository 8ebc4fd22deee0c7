using System.Net;
using Zcrx.Interop;

namespace Zcrx.Rx.Engines;

/// <summary>
/// Sets up the interface of a queue that configures its NIC. All such queues of the process share one set-up per interface.
/// </summary>
internal sealed class NicConfiguration : IDisposable
{
    // Lock order: this lock, then the locks of NicChangeJournal, which a new set-up opens.
    // The lock of a NicSetup is never taken inside this lock, because a claim may wait for the interface.
    private static readonly Lock Gate = new();
    private static readonly Dictionary<object, (NicSetup Setup, int Users)> Setups = [];

    private readonly object _key;
    private readonly NicSetup _setup;
    private readonly int _queue;
    private IDisposable? _claim;

    private NicConfiguration(object key, NicSetup setup, int queue)
    {
        _key = key;
        _setup = setup;
        _queue = queue;
    }

    /// <summary>
    /// Sets up the interface of a queue that is about to be registered; returns null if the queue does not configure its interface.
    /// </summary>
    /// <param name="options">The options of the queue.</param>
    /// <param name="nics">The interfaces of the queue's kernel.</param>
    /// <exception cref="ZcrxException">The interface cannot be set up, or another program uses the RX queue. Nothing has
    /// changed.</exception>
    public static NicConfiguration? Claim(ZcrxQueueOptions options, INicControl nics)
    {
        if (!options.ConfigureNic || options.Interface is not { } name || nics.Identify(name) is not { } key)
        {
            return null;
        }

        NicConfiguration result;
        lock (Gate)
        {
            (NicSetup Setup, int Users) shared = Setups.TryGetValue(key, out var found) ? found : (Create(options, name, nics), 0);
            Setups[key] = (shared.Setup, shared.Users + 1);
            result = new NicConfiguration(key, shared.Setup, options.RxQueue);
        }

        try
        {
            result._claim = result._setup.ClaimQueue(options.RxQueue);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Steers the connections of a listening socket to the queue until the result is disposed.</summary>
    public IDisposable ClaimPort(IPEndPoint endPoint) => _setup.ClaimPort(endPoint, _queue);

    /// <summary>Releases the RX queue, after the queue has been closed.</summary>
    public void Dispose()
    {
        _claim?.Dispose();
        lock (Gate)
        {
            (NicSetup setup, int users) = Setups[_key];
            if (users > 1)
            {
                Setups[_key] = (setup, users - 1);
            }
            else
            {
                Setups.Remove(_key);
            }
        }
    }

    private static NicSetup Create(ZcrxQueueOptions options, string name, INicControl nics) =>
        new(name, nics.Facts, NicChangeJournal.For(nics, options.NicStateDirectory, options.NicReport), options.NicReport);
}

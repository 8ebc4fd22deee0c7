using System.Net;
using Zcrx.Interop;

namespace Zcrx.Rx.Queues;

/// <summary>The set-up of interfaces for the queues of this process that asked for it: one for each interface, whoever and however many ask.</summary>
internal sealed class NicConfiguration : IDisposable
{
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

    /// <summary>Sets the interface up for a queue that is about to be registered; null where nothing is asked for, or there is no NIC.</summary>
    /// <exception cref="ZcrxException">It cannot be, or would take something from others; nothing has changed.</exception>
    public static NicConfiguration? Claim(ZcrxQueueOptions options, EngineChoice choice)
    {
        if (!options.ConfigureNic || options.Interface is not { } name)
        {
            return null;
        }

        EmulatedNic? emulated = choice.Engine == ZcrxEngine.Emulated ? options.Emulation.Nics.FirstOrDefault(nic => nic.Name == name) : null;
        if (emulated is null && choice.Engine != ZcrxEngine.Nic)
        {
            return null;
        }

        // Names are unique, except that emulated interfaces belong to whoever made them.
        object key = emulated ?? (object)name;
        NicConfiguration result;
        lock (Gate)
        {
            (NicSetup Setup, int Users) shared = Setups.TryGetValue(key, out var found) ? found : (Create(options, name, emulated), 0);
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

    /// <summary>Brings the connections of a listening socket to the queue; ends when that stops listening.</summary>
    public IDisposable ClaimPort(IPEndPoint endPoint) => _setup.ClaimPort(endPoint, _queue);

    /// <summary>Gives the queue back, after it has been closed.</summary>
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

    private static NicSetup Create(ZcrxQueueOptions options, string name, EmulatedNic? emulated)
    {
        if (emulated is not null)
        {
            EmulatedNicFacts facts = new([emulated]);
            return new NicSetup(name, facts, NicChangeJournal.InMemory(facts, new EmulatedFlowSteering([emulated]), options.NicReport), options.NicReport);
        }

        return new NicSetup(name, new NetlinkNicFacts(), NicChangeJournal.OfThisProcess(options.NicStateDirectory, options.NicReport), options.NicReport);
    }
}

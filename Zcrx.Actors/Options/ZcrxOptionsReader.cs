using Microsoft.Extensions.Configuration;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Options;

/// <summary>The configuration section <c>Zcrx</c>, key by key.</summary>
internal static class ZcrxOptionsReader
{
    private const string Engines = "an engine: auto, nic, device-less or emulated";

    public static void Read(IConfigurationSection section, ZcrxOptions options)
    {
        options.Path = section.Path;
        SectionReader reader = new(section, options.Unreadable);
        options.Engine = reader.Name(nameof(ZcrxOptions.Engine), options.Engine, Engines);
        reader.SetText(nameof(ZcrxOptions.ActorName), value => options.ActorName = value);
        reader.SetText(nameof(ZcrxOptions.Dispatcher), value => options.Dispatcher = value);
        options.DrainTimeout = reader.Duration(nameof(ZcrxOptions.DrainTimeout), options.DrainTimeout);
        foreach (SectionReader queue in reader.Items(nameof(ZcrxOptions.Queues)))
        {
            options.Queues.Add(ReadQueue(queue, options.Queues.Count));
        }

        foreach (SectionReader listener in reader.Items(nameof(ZcrxOptions.Listeners)))
        {
            options.Listeners.Add(ReadListener(listener));
        }

        ReadTakeover(reader.Child(nameof(ZcrxOptions.Takeover)), options.Takeover);
        ReadRestart(reader.Child(nameof(ZcrxOptions.Restart)), options.Restart);
        RebalancingOptionsReader.Read(reader.Child(nameof(ZcrxOptions.Rebalancing)), options.Rebalancing);
        reader.RefuseTheRest();
    }

    private static ZcrxQueueOptions ReadQueue(SectionReader reader, int index)
    {
        ZcrxQueueOptions defaults = new();
        string? networkInterface = reader.Text(nameof(defaults.Interface), null);
        int rxQueue = reader.Int32(nameof(defaults.RxQueue), defaults.RxQueue);
        ZcrxQueueOptions queue = new()
        {
            Name = reader.Text(nameof(defaults.Name), networkInterface is null ? $"zcrx-{index}" : $"{networkInterface}-{rxQueue}")!,
            Engine = reader.Name(nameof(defaults.Engine), defaults.Engine, Engines),
            Interface = networkInterface,
            RxQueue = rxQueue,
            ConfigureNic = reader.Flag(nameof(defaults.ConfigureNic), defaults.ConfigureNic),
            NicStateDirectory = reader.Text(nameof(defaults.NicStateDirectory), null),
            AreaSize = reader.Size(nameof(defaults.AreaSize), defaults.AreaSize),
            MaxAreaSize = reader.Size(nameof(defaults.MaxAreaSize), defaults.MaxAreaSize),
            BufferLength = (int)long.Min(reader.Size(nameof(defaults.BufferLength), defaults.BufferLength), int.MaxValue),
            HugePages = reader.Flag(nameof(defaults.HugePages), defaults.HugePages),
            SharedMemory = reader.Flag(nameof(defaults.SharedMemory), defaults.SharedMemory),
            BusyPoll = reader.Duration(nameof(defaults.BusyPoll), defaults.BusyPoll),
            PreferBusyPoll = reader.Flag(nameof(defaults.PreferBusyPoll), defaults.PreferBusyPoll),
            CompletionEntries = reader.Int32(nameof(defaults.CompletionEntries), defaults.CompletionEntries),
            SubmissionEntries = reader.Int32(nameof(defaults.SubmissionEntries), defaults.SubmissionEntries),
            HighWaterMark = reader.Number(nameof(defaults.HighWaterMark), defaults.HighWaterMark),
            LowWaterMark = reader.Number(nameof(defaults.LowWaterMark), defaults.LowWaterMark),
            ConnectionQuota = reader.Int32(nameof(defaults.ConnectionQuota), defaults.ConnectionQuota),
            NotificationInterval = reader.Duration(nameof(defaults.NotificationInterval), defaults.NotificationInterval),
            BusyTimeout = reader.Duration(nameof(defaults.BusyTimeout), defaults.BusyTimeout),
            UnobservedTimeout = reader.Duration(nameof(defaults.UnobservedTimeout), defaults.UnobservedTimeout),
            WhenConsumerFails = reader.Name(nameof(defaults.WhenConsumerFails), defaults.WhenConsumerFails, "reset or close"),
            ReceiveStallTimeout = reader.Duration(nameof(defaults.ReceiveStallTimeout), defaults.ReceiveStallTimeout),
            StatisticsInterval = reader.Duration(nameof(defaults.StatisticsInterval), defaults.StatisticsInterval),
            RecordLeaseOrigins = reader.Flag(nameof(defaults.RecordLeaseOrigins), defaults.RecordLeaseOrigins),
            CheckBorrows = reader.Flag(nameof(defaults.CheckBorrows), defaults.CheckBorrows),
            Emulation = ReadEmulation(reader.Child(nameof(defaults.Emulation)), defaults.Emulation),
        };
        reader.RefuseTheRest();
        return queue;
    }

    private static EmulatedKernelOptions ReadEmulation(SectionReader reader, EmulatedKernelOptions defaults)
    {
        EmulatedKernelOptions emulation = defaults with
        {
            Profile = reader.Value(nameof(defaults.Profile), defaults.Profile, TryFindProfile, $"a kernel that can be emulated: {string.Join(", ", EmulatedKernelProfile.All.Select(static profile => profile.Name))}"),
            BuffersPerTurn = reader.Int32(nameof(defaults.BuffersPerTurn), defaults.BuffersPerTurn),
        };
        reader.RefuseTheRest();
        return emulation;
    }

    private static bool TryFindProfile(string name, out EmulatedKernelProfile profile)
    {
        profile = EmulatedKernelProfile.All.FirstOrDefault(profile => profile.Name == name)!;
        return profile is not null;
    }

    private static ZcrxListenerOptions ReadListener(SectionReader reader)
    {
        ZcrxListenerOptions listener = new();
        listener.Name = reader.Text(nameof(listener.Name), listener.Name);
        listener.EndPoint = reader.Text(nameof(listener.EndPoint), listener.EndPoint)!;
        listener.Backlog = reader.Int32(nameof(listener.Backlog), listener.Backlog);
        reader.RefuseTheRest();
        return listener;
    }

    private static void ReadTakeover(SectionReader reader, ZcrxHostedTakeoverOptions takeover)
    {
        takeover.Path = reader.Text(nameof(takeover.Path), takeover.Path);
        takeover.Timeout = reader.Duration(nameof(takeover.Timeout), takeover.Timeout);
        takeover.Linger = reader.Duration(nameof(takeover.Linger), takeover.Linger);
        reader.RefuseTheRest();
    }

    private static void ReadRestart(SectionReader reader, ZcrxRestartOptions restart)
    {
        restart.MinBackoff = reader.Duration(nameof(restart.MinBackoff), restart.MinBackoff);
        restart.MaxBackoff = reader.Duration(nameof(restart.MaxBackoff), restart.MaxBackoff);
        restart.RandomFactor = reader.Number(nameof(restart.RandomFactor), restart.RandomFactor);
        restart.MaxRestarts = reader.Int32(nameof(restart.MaxRestarts), restart.MaxRestarts);
        restart.Within = reader.Duration(nameof(restart.Within), restart.Within);
        restart.RelocateAfter = reader.Duration(nameof(restart.RelocateAfter), restart.RelocateAfter);
        restart.WhenGivenUp = reader.Name(nameof(restart.WhenGivenUp), restart.WhenGivenUp, "move-connections, fall-back or end-connections");
        reader.RefuseTheRest();
    }
}

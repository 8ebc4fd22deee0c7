using System.Diagnostics;
using System.Net;
using Akka.Actor;
using Zcrx.Actors;
using Zcrx.Chaos.Faults;
using Zcrx.Chaos.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Chaos.Soak;

/// <summary>Runs many connections over several queues while faults are injected. Checks the outcome of every stream.</summary>
internal sealed class ChaosRun(ChaosOptions options)
{
    // The heap may grow by this amount during the run, because pools, caches and stacks of the runtime grow with the faults.
    private const long HeapMargin = 48L << 20;
    private const long ResidentMargin = 192L << 20;
    private const int DescriptorMargin = 8;

    // In this time, a queue can get stuck, be reported and be abandoned.
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(30);

    // The memory of an abandoned ring thread is never freed. Its descriptors are closed when its callback returns.
    private const long HeapOfAbandoned = 1L << 20;
    private const long ResidentOfAbandoned = 8L << 20;

    private readonly ChaosTally _tally = new();
    private readonly List<(string, ProcessFootprint)> _footprints = [];
    private volatile bool _isOver;
    private long _continued;
    private long _fellBack;
    private long _abandoned;

    public async Task<ChaosReport> RunAsync()
    {
        await WarmUpAsync().ConfigureAwait(false);
        Note("before");
        string descriptors = ProcessFootprint.DescribeDescriptors();
        long start = Stopwatch.GetTimestamp();
        ISocketSource sockets = ISocketSource.Of(options.SenderNamespace);
        ChaosConsumers consumers = new(_tally);
        using VanishingPeers? vanishing = VanishingPeers.TryCreate(options, _tally, out string? whyNot);
        ChaosHost host = await ChaosHost.StartAsync(options, consumers.Handle, $"{options.Address}:0", vanishing?.Listeners() ?? []).ConfigureAwait(false);
        await using (host.ConfigureAwait(false))
        {
            using EventCounter events = new(host.System, Count);
            IPAddress address = IPAddress.Parse(options.Address);
            IPEndPoint endPoint = new(address, host.EndPoint.Port);
            Strangers strangers = new(sockets, new IPEndPoint(address, host.StrangersEndPoint.Port), options, _tally);
            ConsumerFaults misuse = new(consumers);
            using DescriptorShortage shortage = new();
            FaultInjector injector = new(
                new Random(options.Seed), host.Queues, consumers, host.System, host.Zcrx.Supervisor, _tally, options.Only, OfTheOutside(strangers, misuse, shortage, vanishing));
            Task[] clients =
            [
                .. Enumerable.Range(0, options.Connections).Select(i => Task.Run(() => new ChaosClient(options, endPoint, sockets, consumers, _tally, options.Seed + i + 1).RunAsync(() => _isOver))),
                .. vanishing?.Start(host.Zcrx.EndPoints, options.Seed + options.Connections + 1, () => _isOver) ?? [],
            ];
            NicRemover? remover = options.NicControl is { } control ? new NicRemover(control, host, injector.Faults) : null;
            await InjectAsync(injector, host, remover, start).ConfigureAwait(false);
            remover?.Restore();
            shortage.End();
            if (vanishing is not null)
            {
                await InTimeAsync(vanishing.RelentAsync(), "the link of the peers is up").ConfigureAwait(false);
            }

            misuse.Relent();
            injector.Relent();
            _isOver = true;
            await InTimeAsync(Task.WhenAll(clients), "the senders end").ConfigureAwait(false);
            await InTimeAsync(strangers.Completion, "the strangers end").ConfigureAwait(false);
            injector.Relent();
            long restarts = host.Queues.Sum(static queue => queue.Now.Restarts);
            await InTimeAsync(host.StopAsync(), "the host stops").ConfigureAwait(false);
            ChaosReport report = new()
            {
                Options = options,
                Tally = _tally,
                Faults = injector.Faults,
                WhyNoPeerVanishes = whyNot,
                Restarts = restarts,
                Continued = Interlocked.Read(ref _continued),
                FellBack = Interlocked.Read(ref _fellBack),
                Abandoned = Interlocked.Read(ref _abandoned),
                Elapsed = Stopwatch.GetElapsedTime(start),
                Footprints = _footprints,
            };
            await host.DisposeAsync().ConfigureAwait(false);
            Note("after");
            CheckFootprints(descriptors);
            return report;
        }
    }

    /// <summary>Returns the faults that do not come from queues: those of peers, of consumers, and of the limits of the process.</summary>
    private static IEnumerable<ChaosFault> OfTheOutside(Strangers strangers, ConsumerFaults misuse, DescriptorShortage shortage, VanishingPeers? vanishing) =>
    [
        new("garbage sent by strangers", 3, strangers.SendGarbage),
        new("single bytes sent by strangers", 2, _ => strangers.SendSlowly()),
        new("consumer threw", 2, misuse.Throw),
        new(ConsumerFaults.Blocking, 1, misuse.Block),
        new("descriptors exhausted", 1, _ => shortage.Begin()),
        .. vanishing is null ? (ChaosFault[])[] : [new(VanishingPeers.ForEver, 2, _ => vanishing.VanishForEver()), new(VanishingPeers.Healed, 2, _ => vanishing.VanishForAMoment())],
    ];

    private async Task InjectAsync(FaultInjector injector, ChaosHost host, NicRemover? remover, long start)
    {
        using PeriodicTimer tick = new(options.Interval);
        bool hasWarmedUp = false;
        TimeSpan asked = TimeSpan.Zero;
        while (await tick.WaitForNextTickAsync().ConfigureAwait(false) && (Stopwatch.GetElapsedTime(start) < options.Duration || AwaitsAbandonment(injector, start)))
        {
            if (Stopwatch.GetElapsedTime(start) < options.Duration)
            {
                injector.InjectOne();
            }

            remover?.Tick();
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            if (!hasWarmedUp && elapsed > options.Duration / 4)
            {
                hasWarmedUp = true;
                Note("after a quarter");
            }

            if (elapsed - asked > TimeSpan.FromSeconds(5))
            {
                asked = elapsed;
                await AskAsync(host).ConfigureAwait(false);
            }
        }

        Note("at the end of the faults");
    }

    /// <summary>
    /// Makes a consumer block if a long run has abandoned no queue yet. Faults are random, and this one must not be missing.
    /// </summary>
    /// <returns>True while the run must wait for a queue to be abandoned.</returns>
    private bool AwaitsAbandonment(FaultInjector injector, long start) =>
        options.Duration >= LongEnough
        && Interlocked.Read(ref _abandoned) == 0
        && Stopwatch.GetElapsedTime(start) < options.Duration + options.Patience
        && injector.TryInject(ConsumerFaults.Blocking);

    /// <summary>Checks that the supervisor answers. Restarts queues that have failed or are stuck.</summary>
    private async Task AskAsync(ChaosHost host)
    {
        try
        {
            ZcrxStatus status = await host.Zcrx.GetStatusAsync().WaitAsync(options.Patience).ConfigureAwait(false);
            // The restart of a stuck queue abandons its ring thread.
            foreach (QueueStatus queue in status.Queues.Where(static queue => queue.State == QueueState.Failed || queue.Stuck is not null))
            {
                host.Zcrx.Supervisor.Tell(new ZcrxCommand.RestartQueue(queue.Name, TimeSpan.Zero));
            }
        }
        catch (Exception exception) when (exception is TimeoutException or AskTimeoutException)
        {
            _tally.Violate($"the supervisor does not answer: {exception.Message}");
        }
    }

    private void Count(ZcrxEvent happened)
    {
        switch (happened)
        {
            case ZcrxEvent.ConnectionsContinued continued:
                Interlocked.Add(ref _continued, continued.Connections);
                break;
            case ZcrxEvent.QueueAbandoned:
                Interlocked.Increment(ref _abandoned);
                break;
            case ZcrxEvent.QueueFellBack:
                Interlocked.Increment(ref _fellBack);
                break;
            case ZcrxEvent.ConsumerFaulted { Exception: not (ChaosConsumerException or ZcrxFramingException) } faulted:
                _tally.Violate($"a consumer threw: {faulted.Exception}");
                break;
            default:
                break;
        }
    }

    private async Task InTimeAsync(Task task, string what)
    {
        try
        {
            await task.WaitAsync(options.Patience * 2).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _tally.Violate($"not in time: {what}");
        }
    }

    private void Note(string when) => _footprints.Add((when, ProcessFootprint.Now()));

    private void CheckFootprints(string descriptors)
    {
        ProcessFootprint before = Of("before");
        ProcessFootprint quarter = Of("after a quarter");
        ProcessFootprint end = Of("at the end of the faults");
        ProcessFootprint after = Of("after");
        long abandoned = Interlocked.Read(ref _abandoned);
        Check(after.Descriptors <= before.Descriptors + DescriptorMargin, $"descriptors are left: {before.Descriptors} before ({descriptors}), {after.Descriptors} after ({ProcessFootprint.DescribeDescriptors()})");
        Check(end.Heap <= quarter.Heap + HeapMargin + (abandoned * HeapOfAbandoned), $"the heap grows: {quarter.Heap} after a quarter, {end.Heap} at the end");
        Check(end.Resident <= quarter.Resident + ResidentMargin + (abandoned * ResidentOfAbandoned), $"memory grows: {quarter.Resident} after a quarter, {end.Resident} at the end");

        void Check(bool isFlat, string message)
        {
            if (!isFlat)
            {
                _tally.Violate(message);
            }
        }
    }

    private ProcessFootprint Of(string when) => _footprints.Find(footprint => footprint.Item1 == when).Item2;

    /// <summary>
    /// Opens and closes a host before resources are measured for the first time. The runtime opens some descriptors with the first one and
    /// keeps them.
    /// </summary>
    private async Task WarmUpAsync()
    {
        ChaosConsumers none = new(_tally);
        ChaosHost host = await ChaosHost.StartAsync(options with { Queues = 1 }, none.Handle, "127.0.0.1:0").ConfigureAwait(false);
        await using (host.ConfigureAwait(false))
        {
            await host.StopAsync().ConfigureAwait(false);
        }
    }
}

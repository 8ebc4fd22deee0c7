using System.Net;
using System.Net.Sockets;
using Zcrx.Conformance.Child;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx;
using Zcrx.Rx.Takeover;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Conformance.Exports;

/// <summary>
/// Tests the takeover of a queue by another process. Most tests run both sides in this process. On a real kernel, some tests kill one side.
/// Every test checks each byte, and that no buffer is lost.
/// </summary>
public sealed class SuccessorTests : IClassFixture<LeakCheck>, IDisposable
{
    private const int Much = 200_000;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("zcrx-successor-");

    private string Place => Path.Combine(_directory.FullName, "place");

    [SkippableTheory, Kernels]
    public async Task Both_sides_receive_and_buffers_of_the_old_side_return_through_the_new_side(string name)
    {
        await using TakeoverBench bench = await TakeoverBench.OpenAsync(name, isShared: true);
        TakeoverBench.Connection staying = await ConnectAndKeepAsync(bench, 5);
        using Sides sides = await OfferAsync(bench);
        ZcrxQueue before = await GoOverAsync(bench, sides);
        TakeoverBench.Connection coming = await bench.ConnectAsync();
        await Deadline.UntilAsync(() => bench.Queue.Loop.Queue.Memory.LeasedElsewhere == 5, "the new side knows the buffers that consumers of the old side lease");

        staying.Holds = false;
        await Task.WhenAll(staying.SendAsync(4 * Much), coming.SendAsync(4 * Much));
        await Task.WhenAll(staying.ReachAsync(), coming.ReachAsync());
        staying.LetGo();
        await Deadline.UntilAsync(() => bench.Queue.Loop.Queue.Memory.LeasedElsewhere == 0, "the new side knows the released buffers");
        await Task.WhenAll(staying.EndAsync(), coming.EndAsync());
        await before.DisposeAsync();
        Assert.Equal(0, await sides.Inherited.Released.Within("the old side has released the queue"));
        await bench.AssertPoolIsWholeAsync();
    }

    [SkippableTheory, Kernels]
    public async Task Buffers_leased_on_the_old_side_return_after_its_ring_has_ended(string name)
    {
        await using TakeoverBench bench = await TakeoverBench.OpenAsync(name, isShared: true);
        TakeoverBench.Connection staying = await ConnectAndKeepAsync(bench, 10);
        using Sides sides = await OfferAsync(bench);
        await using (ZcrxQueue before = await GoOverAsync(bench, sides))
        {
            Assert.NotEqual(before, bench.Queue);
        }

        Assert.False(sides.Inherited.Released.IsCompleted);
        TakeoverBench.Connection coming = await bench.ConnectAsync();
        await coming.SendAsync(Much);
        await coming.EndAsync();
        staying.LetGo();
        await sides.Inherited.Released.Within("the old side has released the queue");
        await bench.AssertPoolIsWholeAsync();
    }

    [SkippableTheory, Kernels]
    public async Task Old_side_continues_with_all_buffers_when_the_new_side_closes_the_queue(string name)
    {
        await using TakeoverBench bench = await TakeoverBench.OpenAsync(name, isShared: true);
        TakeoverBench.Connection staying = await ConnectAndKeepAsync(bench, 3);
        using Sides sides = await OfferAsync(bench);
        ZcrxQueue before = await GoOverAsync(bench, sides);
        TakeoverBench.Connection coming = await ConnectAndKeepAsync(bench, 4);
        await bench.Use(before).DisposeAsync();
        // The queue must not return while its buffers are leased. Otherwise, the kernel would receive into them.
        Assert.False(sides.CameBack.IsCompleted);
        coming.LetGo();
        await sides.CameBack.Within("the queue has returned to the old side");

        staying.Holds = false;
        await staying.SendAsync(Much);
        staying.LetGo();
        await staying.EndAsync();
        await bench.AssertPoolIsWholeAsync();
    }

    [SkippableTheory, Kernels]
    public async Task Either_side_can_switch_to_another_ring_during_a_takeover(string name)
    {
        await using TakeoverBench bench = await TakeoverBench.OpenAsync(name, isShared: true);
        TakeoverBench.Connection staying = await ConnectAndKeepAsync(bench, 3);
        using Sides sides = await OfferAsync(bench);
        ZcrxQueue before = await GoOverAsync(bench, sides);
        ZcrxQueue after = bench.Use(before);
        // The old side opens a second ring on the same memory and moves its connection there.
        await using (await bench.SwitchAsync())
        {
            Assert.True(await staying.Zcrx.MoveToAsync(bench.Queue).Within("the connection moves"));
        }

        ZcrxQueue second = bench.Use(after);
        // The new side does the same with a connection of its own.
        TakeoverBench.Connection coming = await bench.ConnectAsync();
        await using (await bench.SwitchAsync())
        {
            Assert.True(await coming.Zcrx.MoveToAsync(bench.Queue).Within("the connection moves"));
        }

        staying.Holds = false;
        await Task.WhenAll(staying.SendAsync(Much), coming.SendAsync(Much));
        await Task.WhenAll(staying.ReachAsync(), coming.ReachAsync());
        await coming.EndAsync();
        await bench.Use(second).DisposeAsync();
        await sides.CameBack.Within("the queue has returned to the old side");
        staying.LetGo();
        await staying.SendAsync(Much);
        await staying.EndAsync();
        await bench.AssertPoolIsWholeAsync();
    }

    [SkippableTheory, Kernels]
    public async Task Failed_takeover_changes_nothing(string name)
    {
        await using TakeoverBench bench = await TakeoverBench.OpenAsync(name, isShared: true);
        TakeoverBench.Connection staying = await ConnectAndKeepAsync(bench, 3);
        for (int i = 0; i < 3; i++)
        {
            using Sides sides = await OfferAsync(bench);
            await using ZcrxQueue imported = await ZcrxQueue.ImportAsync(sides.Inherited, TakeoverBench.Options(2));
        }

        staying.Holds = false;
        await staying.SendAsync(Much);
        staying.LetGo();
        await staying.EndAsync();
        await bench.AssertPoolIsWholeAsync();
    }

    [SkippableFact]
    public async Task Buffers_of_a_killed_old_process_are_reclaimed()
    {
        OpenLinux();
        using var child = new ChildProcess("serve", KernelUnderTest.Linux, Place);
        IPEndPoint endPoint = new(IPAddress.Loopback, ushort.Parse(child.Await("LISTENING"), System.Globalization.CultureInfo.InvariantCulture));
        using Peer established = await Peer.ConnectAsync(endPoint, 100);
        for (int i = 1; i <= TakeoverChild.MostKept; i++)
        {
            await established.SendAsync(10);
            child.Await($"RECEIVED {i * 10}");
        }

        ZcrxQueueOptions options = TakeoverChild.Options;
        await using ZcrxTakeover takeover = await ZcrxTakeover.OpenAsync(new ZcrxTakeoverOptions { Path = Place }).Within("the takeover begins");
        Assert.Null(takeover.TakeQueue(options with { Name = "another" }));
        Assert.Null(takeover.TakeQueue(options with { AreaSize = options.AreaSize * 2 }));
        using IncomingQueue inherited = takeover.TakeQueue(options) ?? throw new InvalidOperationException("No queue came.");
        using Socket listener = takeover.TakeListener("test", endPoint) ?? throw new InvalidOperationException("No listener came.");
        await using TakeoverBench bench = await TakeoverBench.OpenAsync(KernelUnderTest.Linux);
        await bench.Use(await ZcrxQueue.ImportAsync(inherited, options).Within("the queue is imported")).DisposeAsync();
        await takeover.CommitAsync().Within("the old process commits");

        // The old process still receives for its connection. The pool serves both processes.
        TakeoverBench.Connection coming = await bench.ConnectAsync();
        coming.Send(4 * Much);
        await established.SendAsync(Much);
        child.Await($"RECEIVED {Much + 100}");
        child.Kill();
        Assert.Equal(TakeoverChild.MostKept, await inherited.Released.Within("its death is noticed"));
        await coming.EndAsync();
        await bench.AssertPoolIsWholeAsync();
    }

    [SkippableFact]
    public async Task Old_process_continues_its_connections_when_the_new_process_is_killed()
    {
        OpenLinux();
        await using TakeoverBench bench = await TakeoverBench.OpenAsync(KernelUnderTest.Linux, isShared: true);
        TakeoverBench.Connection staying = await ConnectAndKeepAsync(bench, 3);
        TakeoverSource source = new(bench.Listener, bench.Queue);
        await using ZcrxTakeover takeover = await ZcrxTakeover.OpenAsync(new ZcrxTakeoverOptions { Path = Place }).Within("the takeover socket is opened");
        await takeover.CommitAsync();
        takeover.Serve(source);
        using (var child = new ChildProcess("take-over", KernelUnderTest.Linux, Place))
        {
            child.Await("LISTENING");
            await takeover.TakenOver.Within("the queue is taken over");
            using Peer peer = await Peer.ConnectAsync(bench.Listener.LocalEndPoint!, 100);
            for (int i = 1; i <= 8; i++)
            {
                await peer.SendAsync(10);
                child.Await($"RECEIVED {i * 10}");
            }

            staying.Send(Much);
            child.Kill();
        }

        await source.CameBack.Within("its death is noticed");
        Assert.Empty(source.Stays);
        staying.Holds = false;
        await staying.SendAsync(Much);
        staying.LetGo();
        await staying.EndAsync();
        await bench.AssertPoolIsWholeAsync();
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static void OpenLinux() => KernelUnderTest.OpenDeviceLess(KernelUnderTest.Linux, ZcrxFeature.Export, ZcrxFeature.Import);

    /// <summary>Opens a connection on the current queue, and returns it when its consumer has leased the given number of buffers.</summary>
    private static async Task<TakeoverBench.Connection> ConnectAndKeepAsync(TakeoverBench bench, int buffers)
    {
        TakeoverBench.Connection connection = await bench.ConnectAsync();
        connection.Holds = true;
        for (int i = 0; i < buffers; i++)
        {
            await connection.SendAsync(10);
            await connection.ReachAsync();
        }

        return connection;
    }

    /// <summary>Exchanges the messages and descriptors of a takeover between two sides in one process.</summary>
    /// <remarks>
    /// The emulated kernel identifies an export by its descriptor number. The export is therefore passed on without a duplicate, unlike the
    /// other descriptors.
    /// </remarks>
    private static async Task<Sides> OfferAsync(TakeoverBench bench)
    {
        bench.Pin();
        OutgoingQueue departing = await OutgoingQueue.PrepareAsync(bench.Queue).Within("the takeover is prepared");
        int export = await ExportAsync(bench).Within("the queue is exported");
        int[] descriptors = [export, .. departing.Descriptors.Skip(1).Select(static fd => Posix.Duplicate(fd))];
        QueueManifest manifest = Assert.Single(TakeoverOffer.Decode(new TakeoverOffer([], [departing.Manifest]).Encode()).Queues);
        Assert.Equal(descriptors.Length, manifest.Descriptors);
        return new Sides(departing, IncomingQueue.Create(manifest, index => descriptors[index], bench.Kernel.Kernel));
    }

    private static async Task<ZcrxQueue> GoOverAsync(TakeoverBench bench, Sides sides)
    {
        ZcrxQueue before = bench.Use(await ZcrxQueue.ImportAsync(sides.Inherited, TakeoverBench.Options(2)).Within("the queue is imported"));
        sides.Inherited.Dispose();
        sides.Departing.Commit();
        sides.Inherited.Commit();
        await Deadline.UntilAsync(() => bench.Queue.Loop.Queue.Refill.IsOurs, "the new side writes the refill queue");
        return before;
    }

    private static unsafe Task<int> ExportAsync(TakeoverBench bench)
    {
        TaskCompletionSource<int> exported = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.Queue.Loop.Post(() =>
        {
            zcrx_ctrl control = new() { zcrx_id = bench.Queue.Loop.Queue.Id, op = LinuxIoUringZcrx.ZCRX_CTRL_EXPORT };
            Results.Equal(0, bench.Kernel.Kernel.Register(bench.Queue.Loop.RingDescriptor, LinuxIoUring.IORING_REGISTER_ZCRX_CTRL, &control, 0));
            exported.SetResult((int)control.zc_export.zcrx_fd);
        });
        return exported.Task;
    }

    private sealed class Sides : IDisposable
    {
        private readonly TaskCompletionSource _cameBack = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Sides(OutgoingQueue departing, IncomingQueue inherited)
        {
            Departing = departing;
            Inherited = inherited;
            departing.Returned = () => _cameBack.TrySetResult();
        }

        public OutgoingQueue Departing { get; }

        public IncomingQueue Inherited { get; }

        public Task CameBack => _cameBack.Task;

        public void Dispose()
        {
            Inherited.Dispose();
            Departing.Dispose();
        }
    }
}

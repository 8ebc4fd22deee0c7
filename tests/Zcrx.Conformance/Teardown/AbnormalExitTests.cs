using System.Globalization;
using System.Runtime.InteropServices;
using Zcrx.Conformance.Child;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;

namespace Zcrx.Conformance.Teardown;

/// <summary>Tests that a killed process leaves the machine usable: another process can use the same queue and port at once.</summary>
public partial class AbnormalExitTests : IClassFixture<LeakCheck>
{
    private const nint PidfdOpen = 434;
    private const nint PidfdGetfd = 438;

    public static IEnumerable<string> Exports => ["not exported", "exported"];

    [SkippableTheory, KernelsTimes(nameof(Exports))]
    public void New_queue_receives_on_the_same_port_after_a_process_is_killed_while_receiving(string name, string export)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Export);
        using var child = new ChildProcess("receive", name, "0", export);
        ushort port = ushort.Parse(child.Await("LISTENING"), CultureInfo.InvariantCulture);
        using (var client = new Sender(port))
        {
            client.Send(50_000);
            while (long.Parse(child.Await("RECEIVED"), CultureInfo.InvariantCulture) < 50_000)
            {
                // The child prints a line for each part of the bytes. The loop waits for the last one.
            }

            client.Send(50_000);
            child.Kill();
        }

        AssertUsable(kernel, port);
    }

    [SkippableTheory, Kernels]
    public void New_queue_receives_after_a_process_is_killed_at_any_stage(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Export);
        foreach (string stage in new[] { "EXPORTED", "LISTENING", "ARMED" })
        {
            using var child = new ChildProcess("receive", name, "0", "exported");
            if (stage == "ARMED")
            {
                using var client = new Sender(ushort.Parse(child.Await("LISTENING"), CultureInfo.InvariantCulture));
                child.Await(stage);
                child.Kill();
            }
            else
            {
                child.Await(stage);
                child.Kill();
            }

            AssertUsable(kernel, 0);
        }
    }

    [SkippableTheory, Kernels]
    public void Export_in_another_process_outlives_the_process_that_registered_the_queue(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Export, ZcrxFeature.Import);
        Skip.If(kernel.IsEmulated, "takeover to another process: an emulated queue lives in the process of its kernel");
        using var area = SharedMemory.Create(64 * TestMemory.Page);
        using var child = new ChildProcess("hold", name, area.Path);
        int childsFd = int.Parse(child.Await("EXPORTED"), CultureInfo.InvariantCulture);
        int process = (int)Libc.Result(syscall(PidfdOpen, child.Id, 0, 0));
        Assert.True(process >= 0, $"pidfd_open gives {process}");
        using var export = new Descriptor(kernel.Kernel, (int)Libc.Result(syscall(PidfdGetfd, process, childsFd, 0)));
        Posix.Close(process);
        child.Kill();

        using var ring = new TestRing(kernel.Kernel);
        using var connection = new TcpPair();
        Results.Equal(0, TestQueue.Import(ring, export.Fd, out uint id));
        ring.Receive(id, connection.Server, 1);
        connection.Send(20_000);
        long position = 0;
        foreach (Cqe cqe in ring.TakeBytes(1, 20_000).Where(cqe => cqe.IsData))
        {
            unsafe
            {
                Pattern.AssertAt(new ReadOnlySpan<byte>((byte*)area.Address + cqe.Offset, cqe.Result), position);
            }

            position += cqe.Result;
        }

        Assert.Equal(20_000, position);
        Results.Equal(0, TestQueue.Flush(ring, id));
    }

    /// <summary>Asserts that a queue can be opened at once, and that the test's port, if any, can be bound again.</summary>
    private static void AssertUsable(KernelUnderTest kernel, ushort port)
    {
        using var queue = new TestQueue(kernel);
        (int listener, ushort bound) = Posix.Listen(port);
        using var client = new Sender(bound);
        int server = Posix.Accept(listener);
        Posix.Close(listener);
        queue.Ring.Receive(queue.Id, server, 1);
        client.Send(10_000);
        Assert.Equal(10_000, queue.AssertPattern(queue.Ring.TakeBytes(1, 10_000)));
        Posix.Close(server);
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint syscall(nint number, nint a, nint b, nint c);

    /// <summary>Represents the sending side of a connection whose receiving side is in another process.</summary>
    private sealed class Sender(ushort port) : IDisposable
    {
        private readonly int _fd = Posix.Connect(port);
        private long _sent;

        public void Send(int count)
        {
            byte[] data = new byte[count];
            Pattern.Fill(data, _sent);
            int done = 0;
            Deadline.Until(() => (done += int.Max(Posix.SendNow(_fd, data.AsSpan(done)), 0)) == count, $"{count} bytes are sent");
            _sent += count;
        }

        public void Dispose() => Posix.Close(_fd);
    }
}

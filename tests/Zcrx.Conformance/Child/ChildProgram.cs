using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Zcrx.Conformance.Nic;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Processes;
using Zcrx.Rx;

namespace Zcrx.Conformance.Child;

/// <summary>Runs a part of a test in a separate process, which the test can kill. The process prints each state on a line.</summary>
/// <remarks>Usage: <c>child receive|hold KERNEL …</c> or <c>child receive-nic</c>.</remarks>
internal static unsafe class ChildProgram
{
    public const string Verb = "child";

    public static int Run(IReadOnlyList<string> arguments)
    {
        switch (arguments[1])
        {
            case "receive-nic":
                ReceiveFromNic();
                return 0;
            case "engine":
                EngineChild.RunAsync(Enum.Parse<ZcrxEngine>(arguments[2])).GetAwaiter().GetResult();
                return 0;
        }

        KernelUnderTest kernel = KernelUnderTest.Create(arguments[2]);
        switch (arguments[1])
        {
            case "receive":
                Receive(kernel, ushort.Parse(arguments[3], CultureInfo.InvariantCulture), isExported: arguments[4] == "exported");
                return 0;
            case "takeover":
                Takeover(kernel, arguments[3]);
                return 0;
            case "serve":
                TakeoverChild.Serve(arguments[3]);
                return 0;
            case "serve-nic":
                TakeoverChild.ServeOnNic(arguments[3]);
                return 0;
            case "take-over":
                TakeoverChild.TakeOver(arguments[3]);
                return 0;
            case "hold":
                Hold(kernel, arguments[3]);
                return 0;
            default:
                return 2;
        }
    }

    /// <summary>Accepts one client and receives its bytes, until the process is killed or the connection ends.</summary>
    private static void Receive(KernelUnderTest kernel, ushort port, bool isExported)
    {
        using var queue = new TestQueue(kernel);
        if (isExported)
        {
            Tell($"EXPORTED {queue.Export()}");
        }

        ReceiveFrom(queue, Posix.Listen(port));
    }

    /// <summary>Accepts one client on the NIC that the environment names, and receives its bytes.</summary>
    private static void ReceiveFromNic()
    {
        NicUnderTest nic = NicUnderTest.Open(KernelUnderTest.Linux);
        using var queue = new TestQueue(nic.Kernel, buffers: 256, entries: 256, completionEntries: 1024, nic: nic);
        ReceiveFrom(queue, Posix.Listen(host: nic.Address));
    }

    private static void ReceiveFrom(TestQueue queue, (int Fd, ushort Port) listener)
    {
        Tell($"LISTENING {listener.Port}");
        int connection = Posix.Accept(listener.Fd);
        queue.Ring.Receive(queue.Id, connection, 1);
        Tell("ARMED");
        long received = 0;
        while (true)
        {
            queue.Ring.RunUntil(all => all.Any(cqe => cqe.UserData == 1), "something arrives");
            IReadOnlyList<Cqe> completions = queue.Ring.TakeAll();
            received = queue.AssertPattern(completions, received);
            Tell($"RECEIVED {received}");
            if (completions.Any(cqe => cqe.UserData == 1 && !cqe.HasMore))
            {
                return;
            }

            queue.Return(completions);
            queue.FlushAll();
        }
    }

    /// <summary>Registers a queue over memory that the parent shares, exports it, and holds it until it is killed.</summary>
    private static void Hold(KernelUnderTest kernel, string sharedMemory)
    {
        using var setup = new QueueSetup(kernel);
        using var ring = new TestRing(kernel.Kernel);
        using var shared = SharedMemory.Open(sharedMemory, setup.Area.Length);
        setup.AreaRegistration->addr = (ulong)shared.Address;
        Results.Equal(0, setup.Register(ring));
        zcrx_ctrl control = new() { zcrx_id = setup.Registration->zcrx_id, op = LinuxIoUringZcrx.ZCRX_CTRL_EXPORT };
        Results.Equal(0, ring.Register(LinuxIoUring.IORING_REGISTER_ZCRX_CTRL, &control, 0));
        Tell($"EXPORTED {control.zc_export.zcrx_fd}");
        // The parent's end closes the pipe, so this process cannot outlive its parent.
        Console.In.ReadToEnd();
    }

    /// <summary>
    /// Registers a queue over memory that other processes can map, and sends it to the process that listens at a path. Holds it until
    /// killed.
    /// </summary>
    private static void Takeover(KernelUnderTest kernel, string path)
    {
        using var ring = new TestRing(kernel.Kernel);
        using InterfaceQueue queue = InterfaceQueue.Register(ring.Ring, new InterfaceQueueOptions { AreaSize = 64 * TestMemory.Page, SharedMemory = true }, kernel.Capabilities);
        using ExportedQueue export = queue.Export();
        QueueMemory memory = export.Memory;
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        string layout = FormattableString.Invariant($"{memory.Areas[0].Length} {memory.Region.Length} {memory.Offsets.head} {memory.Offsets.tail} {memory.Offsets.rqes} {memory.Entries}");
        byte[] bytes = Encoding.ASCII.GetBytes(layout);
        Assert.Equal(bytes.Length, DescriptorPassing.Send((int)socket.SafeHandle.DangerousGetHandle(), bytes, [export.Fd, memory.Areas[0].Fd, memory.Region.Fd]));
        Tell("SENT");
        Console.In.ReadToEnd();
    }

    internal static void Tell(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}

using System.Diagnostics;
using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Differential;

/// <summary>Runs a program on one kernel. This part contains the loop over the steps, and the helpers that all steps use.</summary>
internal sealed unsafe partial class ProgramRun : IDisposable
{
    public const ulong FirstRequest = 0x1000;
    private const ulong FirstNotification = 0x2000;
    private const ulong FirstOther = 0x3000;

    /// <summary>
    /// The maximum number of bytes in flight to one socket. It is below the receive window and the congestion window, so a send never
    /// waits.
    /// </summary>
    private const int MostInFlight = 48 * 1024;

    // The longest scheduling delay on emulated processors was half of this. A run waits so long only if a kernel is late or strands a
    // request.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);
    // TCP retransmits packets that were lost while the link was down or the pool was empty. It waits longer after a longer loss.
    private static readonly TimeSpan PatienceOnWire = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan PatienceWithStalls = TimeSpan.FromMilliseconds(200);

    private readonly KernelUnderTest _kernel;
    private readonly NicSlots? _nic;
    private readonly DifferentialProgram _program;
    private readonly TestRing?[] _rings = new TestRing?[ProgramGenerator.Rings];
    private readonly Queue?[] _queues = new Queue?[ProgramGenerator.Queues];
    private readonly Connection?[] _connections = new Connection?[ProgramGenerator.Connections];
    private readonly (Descriptor Descriptor, Pool Pool)?[] _exports = new (Descriptor, Pool)?[ProgramGenerator.Exports];
    private readonly List<Pool> _pools = [];
    private readonly List<IDisposable> _memory = [];
    private readonly Lazy<Sockets> _sockets = new(() => new Sockets());
    private readonly Dictionary<ulong, ReceiveRequest> _requests = [];
    private readonly List<string> _steps = [];
    private StepRecord _step;

    private ProgramRun(Side side, DifferentialProgram program)
    {
        _kernel = side.Kernel;
        _nic = program.IsForNic ? side.Nic : null;
        _program = program;
        _step = new StepRecord(program.WholePages);
    }

    /// <summary>Runs a program.</summary>
    /// <returns>The outcome of each step, and the final state.</returns>
    public static IReadOnlyList<string> Execute(Side side, DifferentialProgram program)
    {
        using ProgramRun run = new(side, program);
        run.Run();
        return run._steps;
    }

    public void Dispose()
    {
        foreach ((Descriptor Descriptor, Pool Pool)? export in _exports)
        {
            export?.Descriptor.Dispose();
        }

        // Disposes rings before the memory to which their queues write.
        Dispose(_rings);
        Dispose(_connections);
        Dispose(_pools);
        Dispose(_memory);
        if (_sockets.IsValueCreated)
        {
            _sockets.Value.Dispose();
        }
    }

    private static void Dispose(IEnumerable<IDisposable?> items)
    {
        foreach (IDisposable? item in items)
        {
            item?.Dispose();
        }
    }

    private void Run()
    {
        IReadOnlyList<Operation> operations = _program.Operations;
        _nic?.Reset();
        // The kernel may still be releasing the queues of the previous program.
        AwaitRelease();
        for (int i = 0; i < operations.Count; i++)
        {
            Operation operation = operations[i];
            _step.Facts.Add(Do(operation, i));
            bool joinsNext = operation is { IsJoined: true, IsSenders: true } && i + 1 < operations.Count && operations[i + 1].IsSenders &&
                operations[i + 1].Target == operation.Target;
            if (!joinsNext)
            {
                Settle();
            }

            EndStep();
        }

        if (_nic is { IsUp: false })
        {
            _nic.SetLink(isUp: true);
            Settle();
        }

        Finish();
        EndStep();
    }

    private void EndStep()
    {
        _steps.Add(_step.ToString());
        _step = new StepRecord(_program.WholePages);
    }

    /// <summary>
    /// Runs the rings until the step has had all its effects: no completion arrives and no request has anything to deliver.
    /// </summary>
    private void Settle()
    {
        TimeSpan patience = _nic is not null ? PatienceOnWire : _kernel.StrandsReceives ? PatienceWithStalls : Patience;
        long last = Stopwatch.GetTimestamp();
        SpinWait spinner = default;
        while (true)
        {
            bool progress = false;
            for (int ring = 0; ring < _rings.Length; ring++)
            {
                progress |= Collect(ring);
            }

            if (progress)
            {
                last = Stopwatch.GetTimestamp();
                spinner.Reset();
                continue;
            }

            if (_nic is { IsUp: false })
            {
                // Bytes in flight arrive only when the link is up again, so this step does not wait for them.
                return;
            }

            IEnumerable<Connection> connections = _connections.OfType<Connection>();
            if (connections.All(connection => connection.HasArrived && !connection.IsRequestDue))
            {
                return;
            }

            if (Stopwatch.GetElapsedTime(last) > patience)
            {
                GiveUpWaiting();
                return;
            }

            spinner.SpinOnce();
        }
    }

    private void GiveUpWaiting()
    {
        for (int i = 0; i < _connections.Length; i++)
        {
            if (_connections[i] is not { } connection)
            {
                continue;
            }

            if (!connection.HasArrived)
            {
                _step.Violations.Add($"connection {i}: {connection.Sent} bytes sent, {connection.Received} received, {connection.BytesWaiting} waiting");
            }
            else if (connection.IsRequestDue)
            {
                connection.MarkStalled();
                _step.Facts.Add($"{connection.Request!.Name} is stranded with {connection.BytesWaiting} bytes in its socket");
            }
        }
    }

    /// <summary>Runs a turn of a ring and processes its completions.</summary>
    private bool Collect(int slot)
    {
        if (_rings[slot] is not { } ring)
        {
            return false;
        }

        ring.RunTurn();
        IReadOnlyList<Cqe> completions = ring.TakeAll();
        foreach (Cqe cqe in completions)
        {
            Take(cqe);
        }

        return completions.Count > 0;
    }

    private void Take(Cqe cqe)
    {
        if (cqe.UserData >= FirstOther)
        {
            _step.Other("call", cqe);
        }
        else if (cqe.UserData >= FirstNotification)
        {
            Pool pool = _pools[(int)(cqe.UserData - FirstNotification)];
            pool.ReportsNoBuffers &= cqe.Result != (int)ZCRX_EVENT_ALLOC_FAIL;
            _step.Notification(pool.Number, cqe);
        }
        else if (_requests.TryGetValue(cqe.UserData, out ReceiveRequest? request) && request.IsActive)
        {
            Take(request, cqe);
        }
        else
        {
            _step.Violations.Add($"unexpected completion {cqe}");
        }
    }

    private void Take(ReceiveRequest request, Cqe cqe)
    {
        if (!cqe.IsData)
        {
            request.IsActive = cqe.HasMore;
            _step.End(request, cqe);
            return;
        }

        ReadOnlySpan<byte> payload = request.Pool.Payload(cqe);
        if (payload.Length != cqe.Result || !Pattern.IsAt(payload, request.Connection.Received))
        {
            _step.Violations.Add($"{request.Name} has wrong bytes at {request.Connection.Received}: {cqe}");
        }

        request.Connection.Received += cqe.Result;
        request.Pool.ReceivedBytes += cqe.Result;
        request.Pool.Held.Add(cqe.Offset);
        _step.Data(request, cqe);
    }

    /// <summary>
    /// Checks that every sent byte was received or is still in its socket. Also checks that the kernel has counted every copied byte.
    /// </summary>
    private void Finish()
    {
        for (int i = 0; i < _connections.Length; i++)
        {
            if (_connections[i] is { } connection)
            {
                // An ordinary read cannot take bytes that a device has written to the memory of a queue, so they are only counted.
                int left = _nic is null ? connection.Drain() : connection.BytesWaiting;
                _step.Facts.Add($"connection {i}: {connection.Received} of {connection.Sent} bytes received, {left} left");
                if (left < 0 || (!connection.IsReset && connection.Received + left != connection.Sent))
                {
                    _step.Violations.Add($"connection {i} has lost or changed bytes");
                }
            }
        }

        foreach (Pool pool in _pools.Where(pool => pool.HasStatistics))
        {
            if (_nic is not null)
            {
                _step.Facts.Add($"pool {pool.Number}: {pool.CopiedBytes} bytes copied");
                continue;
            }

            // The kernel does not count the copies of bytes in the linear part of a packet. These are at most a few.
            long uncounted = pool.ReceivedBytes - (long)pool.CopiedBytes;
            _step.Facts.Add($"pool {pool.Number}: " + (uncounted >= 0 && uncounted <= 256 + (pool.ReceivedBytes / 100)
                ? "every copy counted"
                : $"{pool.CopiedBytes} bytes counted of {pool.ReceivedBytes}"));
        }
    }

    /// <summary>Submits one entry alone.</summary>
    private static void Submit(TestRing ring, io_uring_sqe entry)
    {
        *ring.Prepare() = entry;
        Results.Equal(1, ring.Ring.Submit());
    }

    private static int Control(TestRing ring, zcrx_ctrl* control) => ring.Register(IORING_REGISTER_ZCRX_CTRL, control, 0);
}

using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Conformance.Differential.OperationKind;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Differential;

/// <content>Contains the steps that use connections, requests and control calls.</content>
internal sealed unsafe partial class ProgramRun : IDisposable
{
    private const string Nothing = "-";

    /// <summary>Performs an operation. Does nothing if one of its slots is empty.</summary>
    /// <returns>The answer, in words that are the same on both kernels.</returns>
    private string Do(Operation operation, int step)
    {
        switch (operation.Kind)
        {
            case OpenRing or CloseRing or Register or RegisterInvalid or Export or CloseExport or Import or ImportInvalid:
                return DoWithRings(operation);
            case Connect:
                return _nic is { IsUp: false } ? Nothing : Fill(_connections, operation.Target, () => new Connection(_nic?.Connect(operation.Target) ?? new TcpPair()));
            case Steer or LinkDown or LinkUp or Exhaust:
                return _nic is null ? Nothing : DoWithNic(_nic, operation);
            case Send or EndSending or Reset or EndReceiving or CloseReceiver:
                return _connections[operation.Target] is { } connection ? DoWithConnection(connection, operation) : Nothing;
        }

        int slot = operation.Kind is ReceiveFrom or ReceiveInvalid or Cancel ? operation.Other : operation.Target;
        if (_queues[slot] is not { } queue)
        {
            return Nothing;
        }

        TestRing ring = _rings[queue.Ring]!;
        return operation.Kind switch
        {
            ReceiveFrom => StartReceive(operation, step, queue, ring),
            ReceiveInvalid => ReceiveWithMistakes(operation, step, queue, ring),
            Cancel => CancelRequest(operation, step, ring),
            Arm => ArmType(ring, queue, operation.Value),
            ControlInvalid => ControlWithMistakes(ring, queue, operation.Value),
            OperationKind.AddArea => AddArea(ring, queue, operation.Value),
            _ => DoWithEntries(operation, queue, ring),
        };
    }

    private static string Fill<TItem>(TItem?[] slots, int slot, Func<TItem> create)
        where TItem : class
    {
        if (slots[slot] is not null)
        {
            return "taken";
        }

        slots[slot] = create();
        return "done";
    }

    private string DoWithConnection(Connection connection, Operation operation)
    {
        bool isSenderGone = connection.HasSenderEnded || connection.IsReset;
        switch (operation.Kind)
        {
            case Send when !isSenderGone && connection.Sent - connection.Received + operation.Value <= (_nic is null ? MostInFlight : MostInFlightOnWire):
                connection.Send(operation.Value);
                return "done";
            // TCP does not retransmit a reset. If the link is down, the receiver would never learn of it.
            case EndSending or Reset when _nic is { IsUp: false }:
                return Nothing;
            case EndSending when !isSenderGone:
                connection.EndSending();
                return "done";
            case Reset when !connection.IsReset:
                connection.Reset();
                return "done";
            // The kernel cannot shut down a connection that is closed or reset.
            case EndReceiving when connection is { Server: >= 0, IsReset: false }:
                connection.EndReceiving();
                return "done";
            case CloseReceiver when connection.Server >= 0:
                connection.CloseReceiver();
                return "done";
            default:
                return Nothing;
        }
    }

    private string StartReceive(Operation operation, int step, Queue queue, TestRing ring)
    {
        if (_connections[operation.Target] is not { } connection || connection.Request is { IsActive: true })
        {
            return Nothing;
        }

        ReceiveRequest request = new(FirstRequest + (uint)step, connection, queue.Pool, queue.Ring, operation.Value != 0);
        _requests.Add(request.UserData, request);
        connection.Request = request;
        Submit(ring, ReceiveEntry(connection, queue, request.UserData) with { len = (uint)operation.Value });
        return request.Name;
    }

    private string ReceiveWithMistakes(Operation operation, int step, Queue queue, TestRing ring)
    {
        if (_connections[operation.Target] is { Request.IsActive: true })
        {
            return Nothing;
        }

        io_uring_sqe entry = ReceiveEntry(_connections[operation.Target], queue, FirstOther + (uint)step);
        Mistakes.Receive[operation.Value % 16](&entry, _sockets.Value);
        Mistakes.Receive[operation.Value / 16](&entry, _sockets.Value);
        Submit(ring, entry);
        return "done";
    }

    private static io_uring_sqe ReceiveEntry(Connection? connection, Queue queue, ulong userData) => new()
    {
        opcode = IORING_OP_RECV_ZC,
        fd = connection?.Server ?? -1,
        ioprio = IORING_RECV_MULTISHOT,
        zcrx_ifq_idx = queue.Id,
        user_data = userData,
    };

    private string CancelRequest(Operation operation, int step, TestRing ring)
    {
        Connection? connection = _connections[operation.Target];
        io_uring_sqe entry = new()
        {
            opcode = IORING_OP_ASYNC_CANCEL,
            fd = connection?.Server ?? -1,
            addr = connection?.Request?.UserData ?? 1,
            cancel_flags = (uint)operation.Value,
            user_data = FirstOther + (uint)step,
        };
        Submit(ring, entry);
        return "done";
    }

    private static string ArmType(TestRing ring, Queue queue, int type)
    {
        zcrx_ctrl control = new() { zcrx_id = queue.Id, op = ZCRX_CTRL_ARM_EVENT };
        control.zc_arm_event.event_type = (uint)type;
        int result = Control(ring, &control);
        queue.Pool.ReportsNoBuffers |= result == 0 && type == (int)ZCRX_EVENT_ALLOC_FAIL;
        return Results.Name(result);
    }

    private static string ControlWithMistakes(TestRing ring, Queue queue, int mistakes)
    {
        zcrx_ctrl control = new() { zcrx_id = queue.Id, op = ZCRX_CTRL_FLUSH_RQ };
        Mistakes.Control[mistakes % 16](&control);
        Mistakes.Control[mistakes / 16](&control);
        return Results.Name(Control(ring, &control));
    }

    private string AddArea(TestRing ring, Queue queue, int buffers)
    {
        TestMemory memory = new((nuint)buffers * TestMemory.Page);
        _memory.Add(memory);
        io_uring_zcrx_area_reg area = new() { addr = (ulong)memory.Address, len = memory.Length };
        zcrx_ctrl control = new() { zcrx_id = queue.Id, op = ZCRX_CTRL_ADD_AREA };
        control.zc_area.area_ptr = (ulong)&area;
        int result = Control(ring, &control);
        if (result == 0)
        {
            queue.Pool.AddArea(memory);
        }

        return $"{Results.Name(result)}, token {area.rq_area_token:x}";
    }
}

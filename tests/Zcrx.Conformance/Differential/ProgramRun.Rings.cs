using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Conformance.Differential.OperationKind;
using static Zcrx.Interop.Abi.LinuxIoUring;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Differential;

/// <content>Contains the steps that open and close rings, and register, export and import queues.</content>
internal sealed unsafe partial class ProgramRun : IDisposable
{
    private const int RefillEntries = 64;

    private string DoWithRings(Operation operation)
    {
        switch (operation.Kind)
        {
            case OpenRing:
                return Fill(_rings, operation.Target, () => new TestRing(_kernel.Kernel, (uint)operation.Value));
            case CloseRing:
                return Close(operation.Target);
            case CloseExport when _exports[operation.Target] is { } closing:
                _exports[operation.Target] = null;
                closing.Descriptor.Dispose();
                AwaitRelease();
                return "done";
            case Export when _queues[operation.Other] is { } queue && _exports[operation.Target] is null:
                return ExportQueue(queue, operation.Target);
        }

        TestRing? ring = operation.Kind switch
        {
            Register or Import => _rings[operation.Other],
            RegisterInvalid or ImportInvalid => _rings[operation.Target],
            _ => null,
        };
        if (ring is null)
        {
            return Nothing;
        }

        return operation.Kind switch
        {
            Register when _queues[operation.Target] is null => RegisterQueue(ring, operation),
            RegisterInvalid => RegisterWithMistakes(ring, operation.Other, operation.Value),
            Import when _queues[operation.Target] is null && _exports[operation.Value] is { } export => ImportQueue(ring, export.Descriptor.Fd, export.Pool, operation),
            ImportInvalid when _exports[operation.Other] is { } export => ImportWithMistakes(ring, export.Descriptor.Fd, operation.Value),
            _ => Nothing,
        };
    }

    /// <summary>Closes a ring with all its active requests.</summary>
    private string Close(int slot)
    {
        if (_rings[slot] is not { } ring)
        {
            return Nothing;
        }

        // Takes the completions before the close. They belong to the previous step and would be lost with the ring.
        Collect(slot);
        ring.Dispose();
        _rings[slot] = null;
        for (int i = 0; i < _queues.Length; i++)
        {
            _queues[i] = _queues[i]?.Ring == slot ? null : _queues[i];
        }

        for (int i = 0; i < _connections.Length; i++)
        {
            if (_connections[i] is { Request: { IsActive: true } request } connection && request.Ring == slot)
            {
                connection.Dispose();
                _connections[i] = null;
            }
        }

        AwaitRelease();
        return "done";
    }

    /// <summary>
    /// Waits until the kernel has released every RX queue that the program no longer uses. Packets that arrive earlier are lost.
    /// </summary>
    private void AwaitRelease()
    {
        for (int slot = 0; _nic is not null && slot < 2; slot++)
        {
            if (!IsTaken(_nic.RxQueueOf(slot)))
            {
                _nic.Nic.AwaitRelease(_nic.RxQueueOf(slot));
            }
        }
    }

    private string RegisterQueue(TestRing ring, Operation operation)
    {
        QueueSetup setup = CreateSetup(operation.Value, operation.Target);
        int result = setup.Register(ring);
        string answer = $"{Results.Name(result)}, id {setup.Registration->zcrx_id}, {setup.Registration->rq_entries} entries of {setup.Registration->rx_buf_len}, " +
            $"token {setup.AreaRegistration->rq_area_token:x}, offsets {setup.Registration->offsets.head} {setup.Registration->offsets.tail} {setup.Registration->offsets.rqes}";
        if (result == 0)
        {
            _queues[operation.Target] = new Queue(operation.Other, setup.Registration->zcrx_id, Keep(setup));
        }
        else
        {
            _memory.Add(setup);
        }

        return answer;
    }

    private string RegisterWithMistakes(TestRing ring, int first, int second)
    {
        QueueSetup setup = CreateSetup(buffers: 4, slot: 0);
        (string firstName, Action<QueueSetup> spoil) = Mistakes.Registration[first % Mistakes.Registration.Count];
        (string secondName, Action<QueueSetup> spoilMore) = Mistakes.Registration[second % Mistakes.Registration.Count];
        spoil(setup);
        spoilMore(setup);
        int result = setup.Register(ring);
        // Two mistakes may cancel each other out. The registration then succeeds, but no later step uses its queue.
        _memory.Add(setup);
        return $"{firstName}, {secondName}: {Results.Name(result)}";
    }

    /// <summary>Determines whether a ring or an exported descriptor of this program owns an RX queue of the device.</summary>
    private bool IsTaken(uint rxQueue) =>
        _queues.Any(queue => queue?.Pool.RxQueue == rxQueue) || _exports.Any(export => export?.Pool.RxQueue == rxQueue);

    private QueueSetup CreateSetup(int buffers, int slot)
    {
        // A device consumes entries only when it needs buffers. The refill ring therefore has room for all buffers at once.
        QueueSetup setup = _nic is null
            ? new QueueSetup(_kernel, buffers, RefillEntries)
            : new QueueSetup(_kernel, buffers, (uint)buffers, nic: _nic.Nic, rxQueue: _nic.RxQueueOf(slot));
        setup.Events->user_data = FirstNotification + (uint)_pools.Count;
        return setup;
    }

    private Pool Keep(QueueSetup setup)
    {
        Pool pool = new(_pools.Count, setup);
        _pools.Add(pool);
        return pool;
    }

    private string ExportQueue(Queue queue, int slot)
    {
        zcrx_ctrl control = new() { zcrx_id = queue.Id, op = ZCRX_CTRL_EXPORT };
        int result = Control(_rings[queue.Ring]!, &control);
        if (result == 0)
        {
            _exports[slot] = (new Descriptor(_kernel.Kernel, (int)control.zc_export.zcrx_fd), queue.Pool);
        }

        return Results.Name(result);
    }

    private string ImportQueue(TestRing ring, int export, Pool pool, Operation operation)
    {
        io_uring_zcrx_ifq_reg registration = new() { flags = ZCRX_REG_IMPORT, if_idx = (uint)export };
        int result = ring.Register(IORING_REGISTER_ZCRX_IFQ, &registration, 1);
        if (result == 0)
        {
            _queues[operation.Target] = new Queue(operation.Other, registration.zcrx_id, pool, IsImported: true);
        }

        return $"{Results.Name(result)}, id {registration.zcrx_id}, {registration.rq_entries} entries of {registration.rx_buf_len}, " +
            $"offsets {registration.offsets.head} {registration.offsets.tail} {registration.offsets.rqes}";
    }

    private string ImportWithMistakes(TestRing ring, int export, int mistake)
    {
        io_uring_zcrx_ifq_reg registration = new() { flags = ZCRX_REG_IMPORT, if_idx = (uint)export };
        Mistakes.Import[mistake % Mistakes.Import.Count](&registration, _sockets.Value);
        int result = ring.Register(IORING_REGISTER_ZCRX_IFQ, &registration, 1);
        return Results.Name(result);
    }
}

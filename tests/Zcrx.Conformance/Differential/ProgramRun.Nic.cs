using Zcrx.Conformance.Support;
using static Zcrx.Conformance.Differential.OperationKind;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Differential;

/// <content>What only an interface can do.</content>
internal sealed unsafe partial class ProgramRun : IDisposable
{
    /// <summary>The same on a device, where a packet of a few bytes takes up a whole buffer.</summary>
    private const int MostInFlightOnWire = 16 * 1024;

    // Twice what the buffers of a program whose buffers run out can hold.
    private const long ExhaustingBytes = 2 * 512 * 1448;

    private string DoWithNic(NicSlots nic, Operation operation)
    {
        switch (operation.Kind)
        {
            case Steer:
                nic.Steer(operation.Target, operation.Value);
                return "done";
            case LinkDown or LinkUp:
                nic.SetLink(operation.Kind == LinkUp);
                return "done";
            default:
                return UseUp(nic, operation.Target);
        }
    }

    /// <summary>Sends without returning anything until the lack of buffers is reported, then returns everything until all has come.</summary>
    private string UseUp(NicSlots nic, int slot)
    {
        if (!nic.IsUp || _connections[slot] is not { HasSenderEnded: false, IsReset: false, Request: { IsActive: true, HasBudget: false } request } connection ||
            !nic.ArrivesAt(slot, request.Pool.RxQueue) ||
            _queues.FirstOrDefault(queue => queue is { IsImported: false } && queue.Pool == request.Pool && queue.Ring == request.Ring) is not { } queue)
        {
            return Nothing;
        }

        Pool pool = request.Pool;
        if (!pool.ReportsNoBuffers)
        {
            ArmType(_rings[request.Ring]!, queue, (int)ZCRX_EVENT_ALLOC_FAIL);
        }

        long end = connection.Sent + ExhaustingBytes;
        Deadline.Watch watch = Deadline.Start("a lack of buffers is reported");
        while (pool.ReportsNoBuffers && request.IsActive && connection.Sent < end)
        {
            connection.SendSome((int)long.Min(16 * 1024, end - connection.Sent));
            Collect(request.Ring);
            watch.Check();
        }

        string answer = pool.ReportsNoBuffers ? "not reported" : "reported";
        watch = Deadline.Start("everything arrives after the return of the buffers");
        while (request.IsActive && connection.Received < end)
        {
            ReturnHeld(pool, int.MaxValue);
            if (connection.Sent < end)
            {
                connection.SendSome((int)long.Min(16 * 1024, end - connection.Sent));
            }

            Collect(request.Ring);
            watch.Check(() => $"{connection.Received} of {end} are there");
        }

        // How much came last depends on how fast the machine is; what follows should not find fewer buffers for it.
        ReturnHeld(pool, int.MaxValue);
        return answer;
    }
}

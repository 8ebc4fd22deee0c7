using Zcrx.Conformance.Support;
using static Zcrx.Conformance.Differential.OperationKind;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Differential;

/// <content>Contains the steps that need an interface.</content>
internal sealed unsafe partial class ProgramRun : IDisposable
{
    /// <summary>
    /// The maximum number of bytes in flight on a device. It is low because even a packet of a few bytes uses a whole buffer.
    /// </summary>
    private const int MostInFlightOnWire = 16 * 1024;

    // Twice as many bytes as the 512 buffers of a program that runs out can hold.
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

    /// <summary>
    /// Sends without returning buffers until the kernel reports that no buffer is left. Then keeps returning buffers until all bytes have
    /// arrived.
    /// </summary>
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

        // The number of buffers still held depends on the speed of the machine. Returning them makes the next step independent of it.
        ReturnHeld(pool, int.MaxValue);
        return answer;
    }
}

using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Conformance.Differential.OperationKind;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Differential;

/// <content>Contains the steps that use the refill ring.</content>
internal sealed unsafe partial class ProgramRun : IDisposable
{
    private string DoWithEntries(Operation operation, Queue queue, TestRing ring)
    {
        Pool pool = queue.Pool;
        switch (operation.Kind)
        {
            case Return:
                return ReturnHeld(pool, operation.Value);
            case ReturnTwice:
                return ReturnOneTwice(pool);
            case ReturnInvalid:
                return ReturnSomethingElse(pool, operation.Value);
            case CorruptHead:
                pool.OverwriteHead();
                string answer = Flush(queue, ring);
                return answer;
            case CorruptTail:
                pool.PublishTail((uint)operation.Value);
                answer = Flush(queue, ring);
                pool.Resynchronise();
                return answer;
            default:
                return Flush(queue, ring);
        }
    }

    private string Flush(Queue queue, TestRing ring)
    {
        zcrx_ctrl control = new() { zcrx_id = queue.Id, op = ZCRX_CTRL_FLUSH_RQ };
        int result = Control(ring, &control);
        (uint consumed, uint left) = queue.Pool.ReadHead();
        // Without whole pages, the number of entries depends on how TCP cut the stream. Only whether entries are left is then compared.
        return Results.Name(result) + (_program.WholePages ? $", {consumed} consumed, {left} left" : left == 0 ? ", all consumed" : ", some left");
    }

    private string ReturnHeld(Pool pool, int most)
    {
        if (_nic is not null)
        {
            // A device consumes entries without a flush, so the head may have moved since the last call.
            pool.ReadHead();
        }

        int count = 0;
        while (count < most && pool.Held.Count > 0 && !pool.IsFull)
        {
            pool.Refill(pool.Held[0]);
            pool.Held.RemoveAt(0);
            count++;
        }

        return _program.WholePages ? $"{count} returned" : "returned";
    }

    private static string ReturnOneTwice(Pool pool)
    {
        if (pool.Held.Count == 0 || pool.IsFull)
        {
            return Nothing;
        }

        ulong buffer = pool.Held[0];
        pool.Held.RemoveAt(0);
        pool.Refill(buffer);
        if (!pool.IsFull)
        {
            pool.Refill(buffer);
        }

        return $"{buffer:x}";
    }

    private static string ReturnSomethingElse(Pool pool, int kind)
    {
        if (pool.IsFull)
        {
            return Nothing;
        }

        switch (kind)
        {
            case 0:
                pool.Refill(0, padding: 1);
                break;
            case 1:
                pool.Refill(77ul << IORING_ZCRX_AREA_SHIFT);
                break;
            case 2:
                pool.Refill((ulong)pool.Buffers * TestMemory.Page);
                break;
            case 3:
                pool.Refill(ulong.MaxValue);
                break;
            case 4 when pool.Held.Count > 0:
                // This entry is valid: the kernel accepts any offset inside a buffer.
                pool.Refill(pool.Held[0] + 1234);
                pool.Held.RemoveAt(0);
                break;
            default:
                // The program does not hold this buffer, so the kernel must not return it.
                ulong free = Enumerable.Range(0, pool.Buffers).Select(buffer => (ulong)buffer * TestMemory.Page).Except(pool.Held).FirstOrDefault(ulong.MaxValue);
                pool.Refill(free);
                return $"{free:x}";
        }

        return "done";
    }
}

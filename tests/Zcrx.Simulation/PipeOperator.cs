using System.Buffers;
using System.IO.Pipelines;
using Zcrx.Rx;

namespace Zcrx.Simulation;

/// <summary>Represents <c>ToPipeReader</c>. The application consumes whole messages, and examines everything.</summary>
internal sealed class PipeOperator(SimulatedWorld world, SimulatedConnection connection, OperatorChoice choice) : BufferOperator(world, connection, choice)
{
    private const int MostUnconsumed = 100_000;

    public override void Start() => _ = RunAsync();

    // An incomplete message of each connection must not use up the pool.
    private int MaxLeasedBuffers => World.Profile.Buffers < 40 ? 0 : Choice.Variant % 3;

    protected override void Stop(CancellationTokenSource stop) => stop.Cancel();

    private async Task RunAsync()
    {
        PipeReader reader = this.ToPipeReader(
            Choice.MaxQueued, 1 + (Choice.Variant * 100), MaxLeasedBuffers, MostUnconsumed, continueOnRingThread: Choice.Variant % 2 == 0, Choice.MaxQueuedBytes);
        Exception? error = null;
        try
        {
            await ReadAsync(reader).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The connection checks every error.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            error = exception;
        }

        await reader.CompleteAsync(error).ConfigureAwait(false);
        if (IsStopping)
        {
            World.Log.AddEvent($"the pipe of {Connection} is completed");
            Leave();
        }
        else
        {
            End(error);
        }
    }

    private async Task ReadAsync(PipeReader reader)
    {
        while (!IsStopping)
        {
            ReadResult result = await reader.ReadAsync(Stopping).ConfigureAwait(false);
            ReadOnlySequence<byte> bytes = result.Buffer;
            long start = Connection.Position;
            TakeUntil(start + bytes.Length);
            if (!SimulatedFrames.Matches(bytes, Connection.Id, start))
            {
                throw World.Fail($"{Connection} reads wrong bytes at {start}");
            }

            long consumed = result.IsCompleted ? bytes.Length : MessagesIn(bytes.Length);
            if (consumed > 0)
            {
                Connection.Receive("messages of ", start, consumed, isRight: true);
                Act(static () => { }, static () => { }, static () => { });
            }

            await WaitAsync(Stopping).ConfigureAwait(false);
            reader.AdvanceTo(bytes.GetPosition(consumed), bytes.End);
            ReleaseUntil(Connection.Position);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>Returns the number of bytes of whole messages at the current position.</summary>
    private long MessagesIn(long length)
    {
        long consumed = 0;
        while (consumed < length && SimulatedFrames.LengthAt(Connection.Id, Connection.Position + consumed) is var next && consumed + next <= length)
        {
            consumed += next;
        }

        return consumed;
    }
}

using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Simulation;

/// <summary>Represents <c>ForwardToAsync</c> to the same connection. The peer receives every byte that it has sent.</summary>
internal sealed class ForwardOperator(SimulatedWorld world, SimulatedConnection connection, OperatorChoice choice) : BufferOperator(world, connection, choice)
{
    private readonly List<SimulatedQueue?> _buffers = [];

    protected override bool RecordsItems => false;

    public override void Start() => _ = RunAsync();

    // The operator does not report when it releases a buffer: a buffer that the peer has read may belong to a batch that is not sent yet.
    public override int BuffersIn(SimulatedQueue queue) => IsOver ? 0 : _buffers.Count(owner => owner is null || owner == queue);

    protected override void Stop(CancellationTokenSource stop) => stop.Cancel();

    protected override void OnDelivered(ReceivedBuffer buffer)
    {
        _buffers.Add(World.Threads.Running as SimulatedQueue);
        Connection.Receive("", buffer.StreamOffset, buffer.Length, isRight: true);
        Connection.CountReplies(buffer.Length);
    }

    private async Task RunAsync()
    {
        try
        {
            await this.ForwardToAsync(Connection.Connection!, Stopping).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            World.Log.AddEvent($"forwarding {Connection} fails: {error.GetType().Name}");
            Connection.OnReplyFailed(error);
            Leave();
            return;
        }
#pragma warning disable CA1031 // The connection checks every error.
        catch (Exception error)
#pragma warning restore CA1031
        {
            // The end of the stream overtakes the bytes that were not sent.
            Connection.OnReplyFailed(error);
            End(error);
            return;
        }

        End(null);
    }
}

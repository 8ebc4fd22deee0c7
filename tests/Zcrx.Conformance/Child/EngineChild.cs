using System.Net;
using System.Net.Sockets;
using Zcrx.Rx;

namespace Zcrx.Conformance.Child;

/// <summary>Opens a queue with an engine, receives a message that it sends itself, and prints the engine that was chosen.</summary>
internal static class EngineChild
{
    private const int Length = 100_000;

    public static async Task RunAsync(ZcrxEngine engine)
    {
        await using ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions { Engine = engine, AreaSize = 1 << 20 }).Within("the queue opens");
        ChildProgram.Tell($"ENGINE {queue.Engine}");
        TaskCompletionSource<long> received = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using IDisposable accepting = queue.Listen(listener).Subscribe(connection =>
        {
            long count = 0;
            connection.Buffers.Subscribe(buffer => count += buffer.Length, received.SetException, () => received.SetResult(count));
        });
        using (Socket sender = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            await sender.ConnectAsync(listener.LocalEndPoint!).Within("the sender connects");
            for (int sent = 0; sent < Length;)
            {
                sent += await sender.SendAsync(new byte[Length - sent]);
            }

            sender.Shutdown(SocketShutdown.Send);
        }

        ChildProgram.Tell($"RECEIVED {await received.Task.Within("the stream ends")}");
    }
}

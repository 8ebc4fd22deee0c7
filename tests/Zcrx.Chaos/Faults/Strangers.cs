using System.Net;
using System.Net.Sockets;
using Zcrx.Chaos.Soak;
using Zcrx.Chaos.Support;
using Zcrx.Rx;

namespace Zcrx.Chaos.Faults;

/// <summary>
/// Represents peers that violate the protocol of a listener of frames. They send garbage, or single bytes with long pauses.
/// </summary>
/// <remarks>The listener must either serve such a peer or end its connection.</remarks>
internal sealed class Strangers(ISocketSource sockets, IPEndPoint endPoint, ChaosOptions options, ChaosTally tally)
{
    private const int LongestFrame = 64 << 10;
    private const int Trickle = 12;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly List<Task> _running = [];

    /// <summary>Handles a connection of the listener by counting its frames.</summary>
    public static IDisposable Handle(ZcrxConnection connection) => connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, LongestFrame).Subscribe(static _ => { }, static _ => { });

    /// <summary>Connects and sends bytes that do not form a frame.</summary>
    public bool SendGarbage(Random random)
    {
        byte[] garbage = new byte[random.Next(8, 4096)];
        random.NextBytes(garbage);
        // The first byte is the highest byte of the length, which is then too large. The frame is refused, whatever the other bytes are.
        garbage[0] = 0xff;
        Start(socket => SendAndEndAsync(socket, garbage));
        return true;
    }

    /// <summary>Connects and sends one frame, byte by byte.</summary>
    public bool SendSlowly()
    {
        Start(async socket =>
        {
            foreach (byte one in (byte[])[0, 0, 0, Trickle, .. new byte[Trickle]])
            {
                await socket.SendAsync(new[] { one }).ConfigureAwait(false);
                await Task.Delay(Pause).ConfigureAwait(false);
            }

            socket.Shutdown(SocketShutdown.Send);
            await SendAndEndAsync(socket, []).ConfigureAwait(false);
        });
        return true;
    }

    /// <summary>Gets a task that completes when all peers of this kind have ended.</summary>
    public Task Completion
    {
        get
        {
            lock (_running)
            {
                return Task.WhenAll([.. _running]);
            }
        }
    }

    private void Start(Func<Socket, Task> play)
    {
        lock (_running)
        {
            _running.RemoveAll(static task => task.IsCompleted);
            _running.Add(Task.Run(() => RunAsync(play)));
        }
    }

    private async Task RunAsync(Func<Socket, Task> play)
    {
        try
        {
            using Socket socket = sockets.Create();
            await socket.ConnectAsync(endPoint).WaitAsync(options.Patience).ConfigureAwait(false);
            await play(socket).WaitAsync(options.Patience).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            // The connection was reset because of the garbage or a failed queue, or no descriptor is free.
        }
        catch (TimeoutException)
        {
            tally.Violate("the connection of a stranger was neither served nor ended");
        }
    }

    private static async Task SendAndEndAsync(Socket socket, byte[] bytes)
    {
        if (bytes.Length > 0)
        {
            await socket.SendAsync(bytes).ConfigureAwait(false);
        }

        while (await socket.ReceiveAsync(new byte[16]).ConfigureAwait(false) > 0)
        {
        }
    }
}

using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Conformance.Support;

/// <summary>
/// Sends streams and receives them on the same thread, with the receive loop of a service. The loop returns buffers, and reissues requests
/// that ended for lack of buffers or completions.
/// </summary>
internal static class Transfer
{
    /// <summary>Transfers this number of bytes over each connection, checks each byte, and ends the streams.</summary>
    /// <param name="queue">The receiving queue.</param>
    /// <param name="connections">The connections. The test must not have sent anything over them.</param>
    /// <param name="bytesEach">The number of bytes per connection.</param>
    /// <param name="delivered">Receives, after each turn, the number of data completions of that turn.</param>
    /// <returns>The total number of received bytes.</returns>
    public static long Run(TestQueue queue, IReadOnlyList<TcpPair> connections, long bytesEach, Action<int>? delivered = null)
    {
        long[] received = new long[connections.Count];
        bool[] ended = new bool[connections.Count];
        Deadline.Watch watch = Deadline.Start($"{bytesEach} bytes over each of {connections.Count} connections");
        for (int i = 0; i < connections.Count; i++)
        {
            queue.Receive(connections[i], (ulong)i + 1);
        }

        while (!ended.All(end => end))
        {
            watch.Check(() => $"received {string.Join(' ', received)}");
            Send(connections, bytesEach);
            queue.Ring.RunTurn();
            IReadOnlyList<Cqe> completions = queue.Ring.TakeAll();
            foreach (Cqe cqe in completions.Where(cqe => cqe.UserData != QueueSetup.NotificationUserData))
            {
                int connection = (int)cqe.UserData - 1;
                if (cqe.IsData)
                {
                    received[connection] = queue.AssertPattern([cqe], received[connection]);
                }
                else if (cqe.Result == 0)
                {
                    ended[connection] = true;
                }
                else
                {
                    Assert.True(cqe.Result is -ENOMEM or -ENOSPC, $"connection {connection} ends with {Results.Name(cqe.Result)}");
                }
            }

            delivered?.Invoke(completions.Count(cqe => cqe.IsData));
            queue.Return(completions);
            queue.FlushAll();
            foreach (Cqe cqe in completions.Where(cqe => cqe.Result is -ENOMEM or -ENOSPC))
            {
                queue.Receive(connections[(int)cqe.UserData - 1], cqe.UserData);
            }

            Unstick(queue, connections, completions, ended);
        }

        Assert.All(received, bytes => Assert.Equal(bytesEach, bytes));
        return received.Sum();
    }

    private static void Send(IReadOnlyList<TcpPair> connections, long bytesEach)
    {
        foreach (TcpPair connection in connections.Where(connection => connection.Sent < bytesEach))
        {
            connection.SendSome((int)long.Min(bytesEach - connection.Sent, 64 * 1024));
            if (connection.Sent == bytesEach)
            {
                connection.EndSending();
            }
        }
    }

    /// <summary>
    /// Cancels and reissues stranded requests. A request is stranded when its socket has bytes but the ring has no completion.
    /// </summary>
    private static void Unstick(TestQueue queue, IReadOnlyList<TcpPair> connections, IReadOnlyList<Cqe> completions, bool[] ended)
    {
        if (!queue.Kernel.StrandsReceives || completions.Count > 0)
        {
            return;
        }

        for (int i = 0; i < connections.Count; i++)
        {
            if (!ended[i] && Posix.BytesWaiting(connections[i].Server) > 0)
            {
                ulong userData = (ulong)i + 1;
                queue.Ring.Cancel(userData, 0xC0);
                queue.Ring.RunUntil(all => all.Any(cqe => cqe.UserData == 0xC0), "the cancellation completes");
                // Two matching completions show that the cancellation was in time. Otherwise the request has ended before, and its own
                // completion is handled like any other.
                if (queue.Ring.Drop(cqe => cqe.UserData == 0xC0 || (cqe.UserData == userData && cqe.Result == -ECANCELED)) == 2)
                {
                    queue.Receive(connections[i], userData);
                }
            }
        }
    }
}

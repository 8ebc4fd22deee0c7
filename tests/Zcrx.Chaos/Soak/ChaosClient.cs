using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Zcrx.Chaos.Faults;
using Zcrx.Chaos.Support;
using Zcrx.Interop.Abi;
using Zcrx.Rx;

namespace Zcrx.Chaos.Soak;

/// <summary>Represents a sender. It sends one stream after another, and checks the outcome of each.</summary>
/// <param name="options">The options of the run.</param>
/// <param name="endPoint">The endpoint of the server.</param>
/// <param name="sockets">Creates the sockets.</param>
/// <param name="consumers">The consumers of the streams.</param>
/// <param name="tally">Receives the results.</param>
/// <param name="seed">The seed of the streams' lengths.</param>
/// <param name="outages">The outages of the link to the server, or null if the link is always up. If it is not null, the server may send
/// bytes, too.</param>
internal sealed class ChaosClient(ChaosOptions options, IPEndPoint endPoint, ISocketSource sockets, ChaosConsumers consumers, ChaosTally tally, int seed, LinkOutages? outages = null)
{

    private const double SmallestStream = 16 << 10;
    // The number of doublings between the shortest and the longest stream. Each doubling is equally frequent, so some streams meet many
    // faults and others none.
    private const double Magnitudes = 6;
    private static readonly TimeSpan ResetPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    private readonly Random _random = new(seed);

    public async Task RunAsync(Func<bool> isOver)
    {
        using PeriodicTimer pace = new(Pace);
        while (!isOver())
        {
            Socket? created = TryCreate();
            if (created is null)
            {
                await pace.WaitForNextTickAsync().ConfigureAwait(false);
                continue;
            }

            using Socket socket = created;
            try
            {
                await socket.ConnectAsync(endPoint).WaitAsync(options.Patience).ConfigureAwait(false);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
            {
                // The connection was reset after the accept, before a consumer received it.
                tally.Open();
                tally.LeaveUnserved();
                consumers.Forget(((IPEndPoint)socket.LocalEndPoint!).Port);
                continue;
            }
            catch (SocketException exception) when ((options.NicControl is not null || outages is not null) && exception.SocketErrorCode is (SocketError.NetworkUnreachable or SocketError.HostUnreachable))
            {
                // The interface is removed or down, so there is no route. The run will restore it.
                await pace.WaitForNextTickAsync().ConfigureAwait(false);
                continue;
            }
            catch (Exception exception) when (exception is SocketException or TimeoutException)
            {
                tally.Violate($"a connection was not taken: {exception.Message}");
                continue;
            }

            int stream = ((IPEndPoint)socket.LocalEndPoint!).Port;
            tally.Open();
            long began = Stopwatch.GetTimestamp();
            (long sent, bool wasReset) = await SendAsync(socket, stream, began, pace, isOver).ConfigureAwait(false);
            await JudgeAsync(stream, sent, wasReset, outages?.MayHaveEnded(began) == true).ConfigureAwait(false);
            consumers.Forget(stream);
        }
    }

    /// <summary>Creates a socket. Returns null if the process has no free descriptor.</summary>
    private Socket? TryCreate()
    {
        try
        {
            Socket socket = sockets.Create();
            if (outages is not null)
            {
                PatientSocket.Configure(socket);
            }

            return socket;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.TooManyOpenSockets)
        {
            return null;
        }
    }

    /// <returns>The number of bytes that were sent, and whether the connection was reset before the server closed it.</returns>
    private async Task<(long Sent, bool WasReset)> SendAsync(Socket socket, int stream, long began, PeriodicTimer pace, Func<bool> isOver)
    {
        int total = (int)(SmallestStream * Math.Pow(2, _random.NextDouble() * Magnitudes));
        long sent = 0;
        try
        {
            while (sent < total && !isOver())
            {
                int length = (int)long.Min(total - sent, _random.Next(1, _random.Next(10) == 0 ? ChaosBytes.MaxPiece : 8192));
                sent += await InTimeAsync(socket.SendAsync(ChaosBytes.At(stream, sent, length)).AsTask(), stream).ConfigureAwait(false);
                await pace.WaitForNextTickAsync().ConfigureAwait(false);
            }

            socket.Shutdown(SocketShutdown.Send);
            byte[] answer = new byte[1024];
            while (await InTimeAsync(socket.ReceiveAsync(answer), stream).ConfigureAwait(false) > 0)
            {
                if (outages is null)
                {
                    tally.Violate($"stream {stream}: bytes came back");
                }
            }

            return (sent, false);
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.NotConnected)
        {
            return (sent, true);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.TimedOut && outages?.MayHaveEnded(began) == true)
        {
            // TCP limits the number of its probes, whatever the user timeout is, and has given up.
            return (sent, true);
        }
        catch (TimeoutException)
        {
            if (IsBroken(stream))
            {
                // The server's reset was lost while the interface was removed. The server sends another one only in reply to a packet of
                // this side.
                return (sent, true);
            }

            ChaosConsumer? consumer = consumers.Find(stream);
            tally.Violate($"stream {stream} is stuck: {sent} sent, {consumer?.Received} received on {consumer?.Connection.QueueName}, ended: {consumer?.Ended.IsCompleted}");
            return (sent, true);
        }
    }

    /// <summary>
    /// Waits for a task, at most for the patience of the run. If the stream has failed, waits only for <see cref="ResetPatience"/>, because
    /// its reset may be lost.
    /// </summary>
    private async Task<int> InTimeAsync(Task<int> done, int stream)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return await done.WaitAsync(ResetPatience < options.Patience ? ResetPatience : options.Patience).ConfigureAwait(false);
            }
            catch (TimeoutException) when (!IsBroken(stream) && Stopwatch.GetElapsedTime(start) < options.Patience)
            {
                // The stream has not failed, and the machine may only be slow. The loop therefore waits again.
            }
        }
    }

    /// <summary>
    /// Determines whether the stream has failed at the receiver on a real interface. If the interface is removed, the sender may never get
    /// the reset.
    /// </summary>
    private bool IsBroken(int stream) => options.NicControl is not null && consumers.Find(stream) is { Ended: { IsCompletedSuccessfully: true, Result: not null } };

    private async Task JudgeAsync(int stream, long sent, bool wasReset, bool wasCutOff)
    {
        if (consumers.Find(stream) is not { } consumer)
        {
            if (wasReset)
            {
                tally.LeaveUnserved();
            }
            else
            {
                tally.Violate($"stream {stream} was closed in order, and no consumer received it");
            }

            return;
        }

        if (consumer.HasBlocked && wasReset)
        {
            // OnNext of this observer has not returned, so the library cannot report the end of the stream to it.
            tally.Tell("its consumer blocked the ring thread", consumer.Received);
            return;
        }

        Exception? end;
        try
        {
            end = await consumer.Ended.WaitAsync(options.Patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            tally.Violate($"stream {stream}: its observer was never notified of the end (reset: {wasReset})");
            return;
        }

        if (consumer.Violation is { } violation)
        {
            tally.Violate($"stream {stream}: {violation}");
        }
        else if (end is null)
        {
            if (consumer.Received == sent && !wasReset)
            {
                tally.Survive(sent, consumer.HasChangedQueue);
            }
            else if (consumer.Received == sent && wasCutOff)
            {
                tally.Tell("the server had received it, and its link was down", sent);
            }
            else
            {
                tally.Violate($"stream {stream} completed with {consumer.Received} bytes of {sent}, reset: {wasReset}");
            }
        }
        else if (end is ChaosConsumerException && wasReset)
        {
            tally.Tell("its consumer threw", consumer.Received);
        }
        else if (end is not ZcrxStreamException broken)
        {
            tally.Violate($"stream {stream} ended with {end.GetType().Name}: {end.Message}");
        }
        else if (broken.StreamOffset != consumer.Received)
        {
            tally.Violate($"stream {stream} got an error at {broken.StreamOffset}, and had received {consumer.Received}");
        }
        else if (outages is not null && !wasCutOff && IsSilence(broken))
        {
            tally.Violate($"stream {stream} ended although its link was down for a moment only: {broken.Message}");
        }
        else if (!wasReset)
        {
            tally.Violate($"stream {stream}: the receiver got an error at {broken.StreamOffset} of {sent}, the sender did not: {broken.Message}");
        }
        else
        {
            tally.Tell(broken.ErrorNumber == 0 ? broken.Cause : $"{broken.ErrorName}: {broken.Cause}", consumer.Received);
        }
    }

    /// <summary>
    /// Determines whether the error means that the peer has vanished. The kernel or a timeout of the listener reports that.
    /// </summary>
    /// <remarks>The kernel reports such an error only once. If a send gets it, the stream ends with ECONNRESET.</remarks>
    private static bool IsSilence(ZcrxStreamException broken) => int.Abs(broken.ErrorNumber) switch
    {
        Errno.ETIMEDOUT or Errno.EHOSTUNREACH or Errno.ENETUNREACH => true,
        Errno.ECONNRESET => broken.Cause.StartsWith("the connection broke while bytes were sent", StringComparison.Ordinal),
        0 => broken.Cause.StartsWith("nothing was received", StringComparison.Ordinal) || broken.Cause.StartsWith("the peer sent nothing within", StringComparison.Ordinal),
        _ => false,
    };
}

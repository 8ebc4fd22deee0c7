using System.Buffers;
using System.Net.Sockets;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Connections;

/// <summary>
/// Tests the sends that a ring thread collects in a turn and submits together. The thread of the test is the ring thread.
/// </summary>
public sealed class SendBatchTests
{
    [SkippableFact]
    public void SendAsync_in_a_turn_after_one_with_few_sends_sends_at_once()
    {
        using SendBench bench = new(lines: 1);
        for (int turn = 0; turn < 3; turn++)
        {
            bench.Batch.BeginTurn();
            Assert.True(Send(bench[0], 1).AsTask().IsCompletedSuccessfully);
            Assert.False(bench[0].Sender.IsInBatch);
            bench[0].Read(1);
            bench.Batch.EndTurn();
        }
    }

    [SkippableFact]
    public void SendAsync_in_a_turn_after_one_with_many_sends_sends_at_the_end_of_the_turn()
    {
        using SendBench bench = new(lines: 8);
        bench.WarmUp();
        for (int i = 0; i < bench.Count; i++)
        {
            Assert.True(Send(bench[i], i + 1).AsTask().IsCompletedSuccessfully);
            Assert.True(bench[i].Sender.IsInBatch);
        }

        bench.Batch.Flush();

        for (int i = 0; i < bench.Count; i++)
        {
            Assert.False(bench[i].Sender.IsBusy);
            Assert.Equal(Payload.Memory(0, 0, i + 1).ToArray(), bench[i].Read(i + 1));
        }
    }

    [SkippableFact]
    public void SendAsync_outside_of_a_turn_sends_at_once()
    {
        using SendBench bench = new(lines: 1);
        bench.WarmUp();
        bench.Batch.EndTurn();

        Assert.True(Send(bench[0], 5).AsTask().IsCompletedSuccessfully);

        Assert.False(bench[0].Sender.IsInBatch);
        bench[0].Read(5);
    }

    [SkippableFact]
    public void SendAsync_of_one_connection_several_times_in_a_turn_becomes_one_send()
    {
        using SendBench bench = new(lines: 4);
        bench.WarmUp();
        long before = bench[3].Sender.Sends;
        bench.Batch.BeginTurn();
        for (int line = 0; line < 4; line++)
        {
            for (int i = 0; i < 10; i++)
            {
                Assert.Equal(7, bench[line].Sender.TrySend(Payload.Memory(0, i * 7, 7).Span));
            }
        }

        bench.Batch.Flush();

        Assert.Equal(before + 1, bench[3].Sender.Sends);
        Assert.Equal(Payload.Memory(0, 0, 70).ToArray(), bench[3].Read(70));
    }

    [SkippableFact]
    public void SendAsync_of_bytes_that_change_afterwards_sends_the_original_bytes()
    {
        using SendBench bench = new(lines: 1);
        bench.WarmUp();
        byte[] bytes = [1, 2, 3];
        Assert.True(bench[0].Sender.SendAsync(bytes, default).AsTask().IsCompletedSuccessfully);
        bytes[0] = 9;
        bench.Batch.EndTurn();
        Assert.Equal([1, 2, 3], bench[0].Read(3));
    }

    [SkippableFact]
    public void SendAsync_of_another_thread_while_the_batch_has_bytes_waits_for_the_batch()
    {
        using SendBench bench = new(lines: 1);
        bench.WarmUp();
        _ = Send(bench[0], 3).AsTask();
        Task other = Task.Factory.StartNew(() => bench[0].Sender.SendAsync(new byte[] { 42 }, default).AsTask(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        Deadline.Until(() => bench[0].Work == 1, "the other send waits");
        Assert.Equal(0, bench[0].Peer.Available);

        bench.Batch.EndTurn();

        Deadline.Until(() => other.IsCompleted, "the other send ends");
        Assert.True(other.IsCompletedSuccessfully);
        Assert.Equal([.. Payload.Memory(0, 0, 3).ToArray(), 42], bench[0].Read(4));
    }

    [SkippableFact]
    public void ShutdownSend_after_a_send_lets_the_peer_read_the_bytes_before_the_end()
    {
        using SendBench bench = new(lines: 1);
        bench.WarmUp();
        _ = Send(bench[0], 3).AsTask();
        bench[0].Sender.Shutdown();
        Assert.Equal(3, bench[0].Read(3).Length);
        Assert.True(bench[0].IsAtEnd());
        Assert.True(Send(bench[0], 1).AsTask().IsFaulted);
    }

    [SkippableFact]
    public void ShutdownSend_of_another_thread_while_the_batch_has_bytes_takes_effect_after_them()
    {
        using SendBench bench = new(lines: 1);
        bench.WarmUp();
        _ = Send(bench[0], 3).AsTask();
        Thread other = new(bench[0].Sender.Shutdown);
        other.Start();
        other.Join();

        bench.Batch.EndTurn();

        Assert.Equal(3, bench[0].Read(3).Length);
        Assert.True(bench[0].IsAtEnd());
    }

    [SkippableFact]
    public void Close_after_a_send_lets_the_peer_read_the_bytes()
    {
        using SendBench bench = new(lines: 1);
        bench.WarmUp();
        _ = Send(bench[0], 3).AsTask();
        bench[0].Close();
        Assert.False(bench[0].Sender.IsBusy);
        bench[0].Read(3);
    }

    [SkippableFact]
    public void Close_by_another_thread_while_the_batch_has_bytes_ends_the_sends_that_wait()
    {
        using SendBench bench = new(lines: 1);
        bench.WarmUp();
        _ = Send(bench[0], 3).AsTask();
        Task waiting = Task.Factory.StartNew(() => bench[0].Sender.SendAsync(new byte[1], default).AsTask(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        Deadline.Until(() => bench[0].Work == 1, "the other send waits");

        // When a ring thread is abandoned, another thread closes its senders.
        Thread other = new(bench[0].Close);
        other.Start();
        other.Join();

        Deadline.Until(() => waiting.IsCompleted, "the other send ends");
        Assert.IsType<ObjectDisposedException>(waiting.Exception!.InnerException);
        bench.Batch.Dispose();
        Assert.True(Send(bench[0], 1).AsTask().IsFaulted);
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(SendBatch.FewestSends)]
    public void EndTurn_with_a_full_socket_keeps_the_rest_until_the_peer_reads(int lines)
    {
        using SendBench bench = new(lines, sendBuffer: 4096);
        bench.WarmUp();
        SendBench.Line line = bench[0];
        int sent = Fill(line);
        for (int i = 1; i < lines; i++)
        {
            _ = Send(bench[i], 1).AsTask();
        }

        Assert.True(Send(line, 1000).AsTask().IsCompletedSuccessfully);
        bench.Batch.EndTurn();

        Assert.True(line.Sender.HasRest);
        Assert.True(line.AwaitsRoom);
        Assert.Equal(1, line.Work);
        Task next = Send(line, 500).AsTask();
        Assert.False(next.IsCompleted);
        line.Sender.Shutdown();
        line.Read(sent);
        ReadAsRoomAppears(line, 1000);

        // The application has shut down sending before the last send could start.
        Deadline.Until(() => next.IsCompleted, "the last send ends");
        Assert.True(next.IsFaulted);
        Assert.True(line.IsAtEnd());
        Assert.False(line.Sender.HasRest);
        Assert.Equal(0, line.Work);
        Deadline.Until(() => line.Synchronizations > 0, "the ring thread is notified");
        for (int i = 1; i < lines; i++)
        {
            bench[i].Read(1);
        }
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(SendBatch.FewestSends)]
    public void EndTurn_with_a_reset_connection_fails_it_once_and_sends_the_others(int lines)
    {
        using SendBench bench = new(lines);
        bench.WarmUp();
        bench[0].Peer.LingerState = new LingerOption(true, 0);
        bench[0].Peer.Dispose();
        for (int i = 0; i < lines; i++)
        {
            Assert.True(Send(bench[i], 5).AsTask().IsCompletedSuccessfully);
        }

        bench.Batch.EndTurn();

        SocketException cause = Assert.IsType<SocketException>(Assert.Single(bench[0].Failures).Exception);
        Assert.Equal(SocketError.ConnectionReset, cause.SocketErrorCode);
        Assert.Equal(SocketError.ConnectionReset, bench[0].Sender.TakenError);
        Assert.False(bench[0].Sender.HasRest);
        Assert.False(bench[0].Sender.IsBusy);
        for (int i = 1; i < lines; i++)
        {
            Assert.Equal(5, bench[i].Read(5).Length);
            Assert.Empty(bench[i].Failures);
        }
    }

    [SkippableFact]
    public void Close_while_a_rest_and_a_shutdown_wait_does_not_end_the_stream()
    {
        using SendBench bench = new(lines: 1, sendBuffer: 4096);
        bench.WarmUp();
        SendBench.Line line = bench[0];
        int sent = Fill(line);
        _ = Send(line, 1000).AsTask();
        line.Sender.Shutdown();
        Assert.True(line.Sender.HasRest);

        line.Close();

        Deadline.Until(() => !line.Sender.IsBusy, "the rest is dropped");
        line.Sender.Shutdown();
        line.Read(sent);
        // The sending side must still be open. Otherwise the socket would refuse this byte with EPIPE.
        Deadline.Until(() => TrySendDirectly(line), "the socket has room");
        line.Read(1);
    }

    [SkippableFact]
    public void Rest_that_fails_while_a_shutdown_waits_for_it_fails_the_connection()
    {
        using SendBench bench = new(lines: 1, sendBuffer: 4096);
        bench.WarmUp();
        SendBench.Line line = bench[0];
        Fill(line);
        _ = Send(line, 1000).AsTask();
        line.Sender.Shutdown();
        Assert.True(line.Sender.HasRest);

        line.Peer.LingerState = new LingerOption(true, 0);
        line.Peer.Dispose();

        Deadline.Until(
            () =>
            {
                line.Sender.OnWritable((int)Errno.EAGAIN);
                return !line.Sender.IsBusy;
            },
            "the rest fails");
        SocketException cause = Assert.IsType<SocketException>(Assert.Single(line.Failures).Exception);
        Assert.Equal(SocketError.ConnectionReset, cause.SocketErrorCode);
    }

    [SkippableFact]
    public void SendAsync_in_steady_state_allocates_nothing()
    {
        using SendBench bench = new(lines: 8);
        bench.WarmUp();
        byte[] bytes = new byte[32];
        byte[] received = new byte[32];
        long before = 0;
        for (int turn = 0; turn < 200; turn++)
        {
            if (turn == 100)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
            }

            bench.Batch.BeginTurn();
            for (int i = 0; i < bench.Count; i++)
            {
                _ = bench[i].Sender.SendAsync(bytes, default).AsTask();
            }

            bench.Batch.EndTurn();
            for (int i = 0; i < bench.Count; i++)
            {
                Assert.True(bench[i].Peer.Receive(received) == bytes.Length);
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [SkippableFact]
    public void Sends_of_any_kind_and_order_arrive_in_order()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            Random random = new(seed);
            using SendBench bench = new(lines: 1 + random.Next(6));
            int[] sent = new int[bench.Count];
            for (int step = 0; step < 200; step++)
            {
                int index = random.Next(bench.Count);
                ConnectionSender sender = bench[index].Sender;
                int length = random.Next(8) == 0 ? 1 + random.Next(2 * SendBatch.MaxSendLength) : 1 + random.Next(100);
                ReadOnlyMemory<byte> bytes = Payload.Memory(index, sent[index], length);
                switch (random.Next(8))
                {
                    case 0:
                        bench.Batch.EndTurn();
                        continue;
                    case 1:
                        bench.Batch.BeginTurn();
                        continue;
                    case 2:
                        bench.Batch.Flush();
                        continue;
                    case 3:
                        ReadOnlySequence<byte> pieces = new(bytes);
                        Assert.True(sender.SendAsync(pieces, default).AsTask().IsCompletedSuccessfully);
                        break;
                    case 4:
                        Assert.Equal(length, sender.TrySend(bytes.Span));
                        break;
                    default:
                        Assert.True(sender.SendAsync(bytes, default).AsTask().IsCompletedSuccessfully);
                        break;
                }

                sent[index] += length;
                if (!sender.IsInBatch)
                {
                    Assert.Equal(Payload.Memory(index, sent[index] - bench[index].Unread - length, bench[index].Unread + length).ToArray(), bench[index].Read(bench[index].Unread + length));
                    bench[index].Unread = 0;
                }
                else
                {
                    bench[index].Unread += length;
                }
            }

            bench.Batch.EndTurn();
            for (int i = 0; i < bench.Count; i++)
            {
                Assert.Equal(Payload.Memory(i, sent[i] - bench[i].Unread, bench[i].Unread).ToArray(), bench[i].Read(bench[i].Unread));
                Assert.Equal(0, bench[i].Peer.Available);
            }
        }
    }

    private static ValueTask Send(SendBench.Line line, int length) => line.Sender.SendAsync(Payload.Memory(0, 0, length), default);

    /// <summary>Sends until the socket is full. The sends go to the socket directly and not into a batch.</summary>
    /// <returns>The number of bytes that were sent.</returns>
    private static int Fill(SendBench.Line line)
    {
        byte[] bytes = new byte[SendBatch.MaxSendLength + 1];
        int total = 0;
        Deadline.Until(
            () =>
            {
                int sent = line.Sender.TrySend(bytes);
                total += sent;
                // The check must come before the second attempt. An acknowledgement after the first attempt may have made room.
                bool isFull = FullSocket.IsFull(line.Socket);
                int again = line.Sender.TrySend(bytes);
                total += again;
                return isFull && sent + again == 0;
            },
            "the socket is full");
        return total;
    }

    private static bool TrySendDirectly(SendBench.Line line)
    {
        try
        {
            return line.Socket.Send([1]) == 1;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
        {
            return false;
        }
    }

    /// <summary>Lets the peer read this number of bytes, and reports room in the socket to the sender again and again.</summary>
    private static void ReadAsRoomAppears(SendBench.Line line, int count)
    {
        for (int read = 0; read < count;)
        {
            line.Sender.OnWritable((int)Errno.EAGAIN);
            if (line.Peer.Available > 0)
            {
                read += line.Read(int.Min(line.Peer.Available, count - read)).Length;
            }
        }
    }
}

using System.Buffers;
using System.IO.Pipelines;
using System.Reactive;
using System.Reactive.Concurrency;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Operators;

/// <summary>
/// Consumes one stream through the operator of a schedule. Checks the bytes, and triggers the event that ends the stream.
/// </summary>
internal sealed class OperatorConsumer(OperatorSchedule schedule, TestQueue queue, Peer peer, ZcrxConnection connection) : IDisposable
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Random _random = new(schedule.Seed);
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _disposal = new();
    private string? _failure;
    private long _bytes;
    private int _buffers;
    private int _running;
    private volatile bool _endedByUs;

    public string State => $"{Interlocked.Read(ref _bytes)} bytes in {_buffers} buffers, ended {_ended.Task.Status}, {_failure}";

    private int Concurrency => schedule.Way == OperatorSchedule.Operator.ProcessConcurrently ? 3 : 1;

    public void Dispose() => _disposal.Dispose();

    /// <summary>Runs the consumer. The task completes at the end of the stream, or when the consumer is disposed.</summary>
    public async Task RunAsync()
    {
        try
        {
            await (schedule.Way switch
            {
                OperatorSchedule.Operator.Offload => ObserveAsync(connection.Buffers.Offload(TaskPoolScheduler.Default, schedule.MaxQueued), lease =>
                {
                    using (Enter())
                    {
                        OnBytes(lease.StreamOffset, lease.Span);
                    }
                }),
                OperatorSchedule.Operator.AsyncEnumerable => EnumerateAsync(),
                OperatorSchedule.Operator.PipeReader => ReadAsync(),
                _ => ObserveAsync(connection.Buffers.Process(HandleAsync, Concurrency, schedule.MaxQueued), static (Unit _) => { }),
            });
            _ended.TrySetResult();
        }
        catch (Exception exception)
        {
            _ended.TrySetException(exception);
        }
    }

    public async Task CheckAsync()
    {
        Assert.Null(_failure);
        try
        {
            await _ended.Task;
            Assert.True(_endedByUs && schedule.End == OperatorSchedule.Ending.Disposed || _bytes == schedule.Bytes, State);
        }
        catch (OperationCanceledException)
        {
            Assert.Equal(OperatorSchedule.Ending.Disposed, schedule.End);
        }
        catch (ConsumerException)
        {
            Assert.Equal(OperatorSchedule.Ending.Throws, schedule.End);
        }
        catch (ZcrxStreamException exception)
        {
            Assert.True(schedule.End is OperatorSchedule.Ending.Reset or OperatorSchedule.Ending.ConnectionDisposed or OperatorSchedule.Ending.QueueCloses, exception.ToString());
            Assert.Equal(exception.StreamOffset, _bytes);
        }
    }

    private async Task ObserveAsync<T>(IObservable<T> source, Action<T> next)
    {
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable subscription = source.Subscribe(next, error => over.TrySetException(error), () => over.TrySetResult());
        await using CancellationTokenRegistration registration = _disposal.Token.Register(() =>
        {
            subscription.Dispose();
            over.TrySetCanceled();
        });
        await over.Task;
    }

    private async ValueTask HandleAsync(BufferLease lease, CancellationToken cancellationToken)
    {
        using (Enter())
        {
            if (lease.Length % 3 == 0)
            {
                await Task.Yield();
            }

            OnBytes(lease.StreamOffset, lease.Span);
        }
    }

    private async Task EnumerateAsync()
    {
        await foreach (BufferLease lease in connection.Buffers.ToAsyncEnumerable(schedule.MaxQueued, cancellationToken: _disposal.Token))
        {
            OnBytes(lease.StreamOffset, lease.Span);
            await Task.Yield();
        }
    }

    private async Task ReadAsync()
    {
        PipeReader reader = connection.Buffers.ToPipeReader(schedule.MaxQueued);
        try
        {
            while (true)
            {
                ReadResult result = await reader.ReadAsync(_disposal.Token);
                // Consumes all bytes, half of them, or none.
                long take = _random.Next(3) switch { 0 => result.Buffer.Length, 1 => result.Buffer.Length / 2, _ => result.IsCompleted ? result.Buffer.Length : 0 };
                ReadOnlySequence<byte> taken = result.Buffer.Slice(0, take);
                if (take > 0)
                {
                    OnBytes(_bytes, taken.ToArray());
                }

                // Marks only consumed bytes as examined, so the next read returns at once if bytes are left. Otherwise it would wait for
                // more bytes, for which a small pool may have no buffer.
                reader.AdvanceTo(taken.End);
                if (result.IsCompleted && take == result.Buffer.Length)
                {
                    return;
                }
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private Running Enter()
    {
        if (Interlocked.Increment(ref _running) > Concurrency)
        {
            Note("more handlers at once than allowed");
        }

        return new Running(this);
    }

    private void OnBytes(long position, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (Concurrency == 1 && position != _bytes)
            {
                Note($"bytes at {position}, expected {_bytes}");
            }

            for (int done = 0; done < bytes.Length;)
            {
                int length = int.Min(bytes.Length - done, 4096);
                if (!bytes.Slice(done, length).SequenceEqual(Payload.At(peer.Stream, position + done, length)))
                {
                    Note($"bytes differ after {position + done}");
                }

                done += length;
            }

            Interlocked.Add(ref _bytes, bytes.Length);
            if (++_buffers < schedule.After || _endedByUs || schedule.End == OperatorSchedule.Ending.Peer)
            {
                return;
            }

            _endedByUs = true;
        }

        End();
    }

    private void End()
    {
        switch (schedule.End)
        {
            case OperatorSchedule.Ending.Reset:
                peer.Reset();
                break;
            case OperatorSchedule.Ending.Disposed:
                _disposal.Cancel();
                break;
            case OperatorSchedule.Ending.Throws:
                throw new ConsumerException();
            case OperatorSchedule.Ending.ConnectionDisposed:
                connection.Dispose();
                break;
            case OperatorSchedule.Ending.QueueCloses:
                _ = queue.Queue.DisposeAsync().AsTask();
                break;
            default:
                throw new InvalidOperationException($"{schedule.End} is not caused by the consumer");
        }
    }

    private void Note(string failure) => _failure ??= failure;

    private readonly struct Running(OperatorConsumer consumer) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref consumer._running);
    }

    private sealed class ConsumerException : Exception;
}

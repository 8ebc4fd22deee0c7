using Zcrx.Interop;

namespace Zcrx.Rx.Tests.Support;

/// <summary>
/// Represents an observer that checks every byte and records the end of the stream. It can call the test for each buffer.
/// </summary>
/// <remarks>It records a wrong byte instead of throwing, because an exception would only end its own subscription.</remarks>
internal sealed class Recorder(int stream) : IObserver<ReceivedBuffer>
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;
    private long _buffers;
    private string? _failure;

    /// <summary>Gets the stream offset of the first received byte, or −1 before the first byte.</summary>
    public long Start { get; private set; } = -1;

    /// <summary>Gets the stream offset after the last received byte.</summary>
    public long End { get; private set; }

    public long Bytes => Volatile.Read(ref _bytes);

    public long Buffers => Volatile.Read(ref _buffers);

    /// <summary>Gets the error that ended the stream, or null when it completed.</summary>
    public Exception? Error { get; private set; }

    public bool HasEnded => _ended.Task.IsCompleted;

    /// <summary>Gets or sets a callback that receives each buffer after the check. It may throw.</summary>
    public Action<ReceivedBuffer>? Then { get; init; }

    public Action? AtEnd { get; init; }

    public void OnNext(ReceivedBuffer value)
    {
        if (HasEnded)
        {
            Note("a buffer came after the end");
        }

        if (value.Length <= 0)
        {
            Note("an empty buffer came");
        }

        if (Start < 0)
        {
            Start = End = value.StreamOffset;
        }

        if (value.StreamOffset != End)
        {
            Note($"a buffer came at {value.StreamOffset}, expected {End}");
        }

        if (!value.Span.SequenceEqual(Payload.At(stream, value.StreamOffset, value.Length)))
        {
            Note($"bytes differ between {value.StreamOffset} and {value.StreamOffset + value.Length}");
        }

        End = value.StreamOffset + value.Length;
        Volatile.Write(ref _buffers, _buffers + 1);
        try
        {
            Then?.Invoke(value);
        }
        finally
        {
            // This must be written last. A test that waits for the number of bytes reads the other values afterwards.
            Volatile.Write(ref _bytes, _bytes + value.Length);
        }
    }

    public void OnCompleted() => Finish(null);

    public void OnError(Exception error) => Finish(error);

    public Task ReachAsync(long bytes) => Deadline.UntilAsync(() => Bytes >= bytes || _failure is not null, $"stream {stream} has {bytes} bytes, it has {Bytes}");

    public Task ReachAsyncOrEnd(long bytes) => Deadline.UntilAsync(() => Bytes >= bytes || HasEnded, $"stream {stream} has {bytes} bytes or ends");

    /// <summary>Asserts that the stream has completed, and that all its bytes have arrived.</summary>
    public async Task AssertCompletedAsync(long total)
    {
        await AssertEndedAsync();
        Assert.Null(Error);
        Assert.Equal(total, End);
    }

    public async Task<Exception> AssertFailedAsync()
    {
        await AssertEndedAsync();
        Assert.NotNull(Error);
        return Error;
    }

    public void AssertIntact() => Assert.Null(_failure);

    private async Task AssertEndedAsync()
    {
        await _ended.Task.Within($"stream {stream} ends; it has {Bytes} bytes");
        AssertIntact();
    }

    private void Finish(Exception? error)
    {
        if (HasEnded)
        {
            Note("the stream ended twice");
            return;
        }

        Error = error;
        _ended.TrySetResult();
        AtEnd?.Invoke();
    }

    private void Note(string failure) => _failure ??= failure;
}

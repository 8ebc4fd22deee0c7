using System.IO.Pipelines;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Represents both directions of a connection as pipes; see <see cref="ZcrxPipeExtensions.ToDuplexPipe"/>.</summary>
/// <remarks>
/// Ownership: the caller of <c>ToDuplexPipe</c> owns the pipes, and disposes them when it needs no more input. Threading: one reader and
/// one writer at a time, as with every pipe.
/// </remarks>
public sealed class ZcrxDuplexPipe : IDuplexPipe, IDisposable
{
    private readonly ConnectionPipeWriter _output;

    internal ZcrxDuplexPipe(PipeReader input, ConnectionPipeWriter output)
    {
        Input = input;
        _output = output;
    }

    /// <summary>
    /// Gets the receiving direction, over the original buffers. The connection stays open until this reader is completed.
    /// </summary>
    public PipeReader Input { get; }

    /// <summary>
    /// Gets the sending direction. A flush ends when the kernel has taken the bytes. Completing this writer sends the
    /// written bytes and ends sending.
    /// </summary>
    public PipeWriter Output => _output;

    /// <summary>Completes the input, and drops unflushed bytes of the output. Does not end sending.</summary>
    /// <remarks>
    /// Afterwards, the connection is closed or reset when its handler ends. A connection without a handler closes when its stream has
    /// ended, or with <see cref="ZcrxConnection.Dispose"/>.
    /// </remarks>
    public void Dispose()
    {
        Input.Complete();
        _output.Abandon();
    }
}

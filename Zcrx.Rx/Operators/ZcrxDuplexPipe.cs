using System.IO.Pipelines;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Represents a connection as a pair of pipes, which <see cref="ZcrxPipeExtensions.ToDuplexPipe"/> creates.</summary>
/// <remarks>
/// Ownership: the caller of <c>ToDuplexPipe</c> owns this object, and disposes it when it needs no more input. Threading: one reader and
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
    /// Gets the reader of the received bytes, which lie in the original buffers. The connection stays open until the reader is completed.
    /// </summary>
    public PipeReader Input { get; }

    /// <summary>
    /// Gets the writer that sends to the peer. A flush completes when the kernel has taken the bytes. Completing the writer sends the
    /// written bytes and then shuts down sending.
    /// </summary>
    public PipeWriter Output => _output;

    /// <summary>Completes the input and drops bytes of the output that were not flushed. Does not shut down sending.</summary>
    /// <remarks>
    /// Afterwards the connection stays open until its handler ends. A connection without a handler stays open until its stream has ended or
    /// <see cref="ZcrxConnection.Dispose"/> is called.
    /// </remarks>
    public void Dispose()
    {
        Input.Complete();
        _output.Abandon();
    }
}

using System.IO.Pipelines;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Represents both directions of a connection as pipes; see <see cref="ZcrxPipeExtensions.ToDuplexPipe"/>.</summary>
/// <remarks>
/// Ownership: the caller of <c>ToDuplexPipe</c>, which disposes it when it reads no more. Threading: as with every pipe, one reader and one
/// writer at a time.
/// </remarks>
public sealed class ZcrxDuplexPipe : IDuplexPipe, IDisposable
{
    private readonly ConnectionPipeWriter _output;

    internal ZcrxDuplexPipe(PipeReader input, ConnectionPipeWriter output)
    {
        Input = input;
        _output = output;
    }

    /// <summary>Gets the receiving direction, over the original buffers. The connection stays open until it is completed.</summary>
    public PipeReader Input { get; }

    /// <summary>
    /// Gets the sending direction. A flush ends when the kernel has taken the bytes. Completing it sends the written bytes and ends
    /// sending.
    /// </summary>
    public PipeWriter Output => _output;

    /// <summary>Completes the input, and drops unflushed bytes of the output. Sending does not end.</summary>
    /// <remarks>
    /// After this the end of the handler closes or resets the connection. Without a handler, the connection closes once its stream has ended, or with <see cref="ZcrxConnection.Dispose"/>.
    /// </remarks>
    public void Dispose()
    {
        Input.Complete();
        _output.Abandon();
    }
}

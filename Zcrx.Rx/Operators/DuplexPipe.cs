using System.IO.Pipelines;

namespace Zcrx.Rx.Operators;

/// <summary>Represents both directions of a connection as pipes.</summary>
internal sealed class DuplexPipe(PipeReader input, PipeWriter output) : IDuplexPipe
{
    public PipeReader Input => input;

    public PipeWriter Output => output;
}

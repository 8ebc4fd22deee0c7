namespace Zcrx.Conformance.Differential;

/// <summary>Represents a program: a list of operations that runs on two kernels.</summary>
/// <param name="Name">The seed and the number from which the program was generated.</param>
/// <param name="WholePages">True when every piece that is sent and every budget is a multiple of a page. Both kernels then fill the same
/// number of buffers, so their buffer ids can be compared. False when pieces have any size. The pool is then so large that it never runs
/// out.</param>
/// <param name="Operations">The operations, in the order in which they run.</param>
internal sealed record DifferentialProgram(string Name, bool WholePages, IReadOnlyList<Operation> Operations)
{
    /// <summary>Gets a value that indicates whether the program runs on a network interface.</summary>
    public bool IsForNic { get; init; }
}

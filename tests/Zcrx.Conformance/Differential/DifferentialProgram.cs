namespace Zcrx.Conformance.Differential;

/// <summary>Represents operations to run on two kernels.</summary>
/// <param name="Name">The seed and the number that generate it.</param>
/// <param name="WholePages">Whether every sent piece and every budget is a multiple of a page. Every kernel then fills the same number of
/// buffers, so small pools, invalid entries and buffer ids can be compared. Otherwise pieces have any size, and pools are so large that
/// they never run out.</param>
/// <param name="Operations">The steps.</param>
internal sealed record DifferentialProgram(string Name, bool WholePages, IReadOnlyList<Operation> Operations)
{
    /// <summary>Gets a value that indicates whether the program runs on a network interface.</summary>
    public bool IsForNic { get; init; }
}

namespace Zcrx.Conformance.Differential;

/// <summary>Delta debugging (Zeller, Hildebrandt 2002): leaves operations out, in pieces that get smaller, as long as what is wrong stays wrong.</summary>
internal static class Reducer
{
    /// <param name="program">A program that fails.</param>
    /// <param name="fails">Whether a program still fails.</param>
    /// <returns>A program that fails, and of which no single operation can be left out.</returns>
    public static DifferentialProgram Reduce(DifferentialProgram program, Func<DifferentialProgram, bool> fails)
    {
        for (int piece = int.Max(program.Operations.Count / 2, 1); ; piece = int.Max(piece / 2, 1))
        {
            while (TryWithout(ref program, piece, fails))
            {
            }

            if (piece == 1)
            {
                return program;
            }
        }
    }

    /// <summary>Leaves out every piece that is not needed, one after another.</summary>
    /// <returns>Whether any piece was not needed; then what was needed before may not be any more.</returns>
    private static bool TryWithout(ref DifferentialProgram program, int piece, Func<DifferentialProgram, bool> fails)
    {
        bool isReduced = false;
        int start = 0;
        while (start < program.Operations.Count)
        {
            DifferentialProgram shorter = program with { Operations = [.. program.Operations.Take(start), .. program.Operations.Skip(start + piece)] };
            if (fails(shorter))
            {
                program = shorter;
                isReduced = true;
            }
            else
            {
                start += piece;
            }
        }

        return isReduced;
    }
}

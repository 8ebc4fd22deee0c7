namespace Zcrx.Conformance.Differential;

/// <summary>
/// Reduces failing programs by delta debugging (Zeller, Hildebrandt 2002): removes ever smaller pieces as long as the program fails.
/// </summary>
internal static class Reducer
{
    /// <param name="program">A program that fails.</param>
    /// <param name="fails">Returns whether a program still fails.</param>
    /// <returns>A failing program from which no single operation can be removed.</returns>
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

    /// <summary>Tries to remove each piece of this size, and removes those without which the program still fails.</summary>
    /// <returns>True when a piece was removed. Another pass may then succeed with pieces that were needed before.</returns>
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

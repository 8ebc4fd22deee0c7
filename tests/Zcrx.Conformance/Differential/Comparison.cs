using System.Text;
using System.Text.RegularExpressions;
using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Differential;

/// <summary>Represents the outcome of a program on two kernels.</summary>
internal sealed record Comparison(Side LeftSide, Side RightSide, DifferentialProgram Program, IReadOnlyList<string> Left, IReadOnlyList<string> Right)
{
    private static readonly Regex ReceivedBytes = new(@"\d+ bytes in", RegexOptions.NonBacktracking);

    /// <summary>
    /// Gets a value that indicates whether every step has the same outcome on both kernels and violates no rule on either.
    /// </summary>
    public bool IsAgreed => Left.SequenceEqual(Right) && !Left.Concat(Right).Any(step => step.Contains("BROKEN", StringComparison.Ordinal));

    /// <summary>
    /// Gets a value that indicates whether the first difference is only the number of bytes received in the same buffers.
    /// </summary>
    /// <remarks>
    /// The number of bytes depends on how TCP cuts a stream into packets. Whole pages usually travel in whole packets. A late or
    /// retransmitting sender cuts the stream at other positions, and a pool then runs out a few bytes earlier.
    /// </remarks>
    public bool DiffersInPackets
    {
        get
        {
            int step = FirstDifferentStep();
            return !IsAgreed && !(At(Left, step) + At(Right, step)).Contains("BROKEN", StringComparison.Ordinal) &&
                WithoutBytes(At(Left, step)) == WithoutBytes(At(Right, step));
        }
    }

    public static Comparison Run(Side left, Side right, DifferentialProgram program) =>
        new(left, right, program, Outcome(left, program), Outcome(right, program));

    /// <summary>Gets the first step in which the kernels differ, in one line.</summary>
    public string FirstDifference()
    {
        int step = FirstDifferentStep();
        return $"{Describe(step)}: {LeftSide}: {At(Left, step)} | {RightSide}: {At(Right, step)}";
    }

    /// <summary>Returns both outcomes side by side. A star marks the differences.</summary>
    public string SideBySide()
    {
        const int Width = 60;
        StringBuilder text = new();
        text.AppendLine($"  {"",-Width}  {LeftSide,-Width}  {RightSide}");
        for (int i = 0; i < int.Max(Left.Count, Right.Count); i++)
        {
            text.AppendLine($"{(IsDifferent(i) ? '*' : ' ')} {Describe(i),-Width}  {At(Left, i),-Width}  {At(Right, i)}");
        }

        return text.ToString();
    }

    private static IReadOnlyList<string> Outcome(Side side, DifferentialProgram program)
    {
        try
        {
            return ProgramRun.Execute(side, program);
        }
        catch (Exception exception)
        {
            return [$"BROKEN: {exception.Message}", .. (exception.StackTrace ?? "").Split('\n').Take(6)];
        }
    }

    private static string At(IReadOnlyList<string> steps, int index) => index < steps.Count ? steps[index] : "(nothing)";

    private static string WithoutBytes(string step) => ReceivedBytes.Replace(step, "bytes in");

    private int FirstDifferentStep() => Enumerable.Range(0, int.Max(Left.Count, Right.Count)).FirstOrDefault(i => IsDifferent(i));

    private bool IsDifferent(int step) => At(Left, step) != At(Right, step) || At(Left, step).Contains("BROKEN", StringComparison.Ordinal);

    private string Describe(int step) => step < Program.Operations.Count ? Program.Operations[step].ToString() : "(at the end)";
}

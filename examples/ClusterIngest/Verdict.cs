namespace ClusterIngest;

/// <summary>Compares the sent frames with the frames in the journals of the entities.</summary>
/// <param name="Sent">The number of frames that were sent.</param>
/// <param name="Taken">The number of frames in the journals.</param>
/// <param name="Lost">The number of frames that are in no journal.</param>
/// <param name="Duplicates">The number of frames that are in the journals more than once.</param>
internal sealed record Verdict(long Sent, long Taken, long Lost, long Duplicates)
{
    public bool IsGood => Lost == 0 && Duplicates == 0;

    public static Verdict Of(DemoOptions options, IReadOnlyList<DemoFrame> taken)
    {
        int distinct = taken.Distinct().Count(frame => frame.Connection < options.Connections && frame.Number < options.Frames);
        return new Verdict(options.TotalFrames, taken.Count, options.TotalFrames - distinct, taken.Count - distinct);
    }

    public override string ToString() => FormattableString.Invariant(
        $"{(IsGood ? "OK" : "FAILED")}: sent {Sent:N0}, at entities {Taken:N0}, lost {Lost:N0}, duplicates {Duplicates:N0}");
}

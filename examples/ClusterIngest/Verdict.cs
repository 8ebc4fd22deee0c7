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

    /// <summary>Compares the confirmations of the edge with the journals. The confirmed frames, and no others, must be stored.</summary>
    /// <param name="confirmed">The confirmation of each connection; null if it has none.</param>
    /// <param name="taken">The frames in the journals.</param>
    /// <returns>A sentence for each connection whose confirmation is wrong.</returns>
    public static IEnumerable<string> CheckConfirmations(IReadOnlyList<long?> confirmed, IReadOnlyList<DemoFrame> taken)
    {
        ILookup<int, int> stored = taken.Distinct().ToLookup(static frame => frame.Connection, static frame => frame.Number);
        for (int connection = 0; connection < confirmed.Count; connection++)
        {
            if (confirmed[connection] is not { } count)
            {
                continue;
            }

            int within = stored[connection].Count(number => number < count);
            int beyond = stored[connection].Count() - within;
            if (within != count || beyond > 0)
            {
                yield return $"Connection {connection} has a wrong confirmation of {count:N0} frames: {within:N0} of these are stored, and {beyond:N0} others";
            }
        }
    }

    public override string ToString() => FormattableString.Invariant(
        $"{(IsGood ? "OK" : "FAILED")}: sent {Sent:N0}, at entities {Taken:N0}, lost {Lost:N0}, duplicates {Duplicates:N0}");
}

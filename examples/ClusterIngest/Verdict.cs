namespace ClusterIngest;

/// <summary>Compares the sent frames with the frames in the journals of the entities.</summary>
/// <param name="Failures">The number of problems that the demo has found outside the journals.</param>
/// <param name="Sent">The number of frames that were passed to the kernel.</param>
/// <param name="Taken">The number of frames in the journals.</param>
/// <param name="Lost">The number of confirmed frames that are in no journal. Frames without confirmation do not count, because a client
/// sends them again.</param>
/// <param name="Duplicates">The number of frames that are in the journals more than once.</param>
internal sealed record Verdict(int Failures, long Sent, long Taken, long Lost, long Duplicates)
{
    public bool IsGood => Failures == 0 && Lost == 0 && Duplicates == 0;

    /// <summary>Compares what the senders report with the journals.</summary>
    /// <param name="failures">The number of problems that the demo has found outside the journals.</param>
    /// <param name="sent">The number of frames that each connection has sent.</param>
    /// <param name="confirmed">The confirmation of each connection; null if it has none.</param>
    /// <param name="taken">The frames in the journals.</param>
    public static Verdict Of(int failures, IReadOnlyList<int> sent, IReadOnlyList<long?> confirmed, IReadOnlyList<DemoFrame> taken)
    {
        DemoFrame[] distinct = [.. taken.Distinct()];
        int stored = distinct.Count(frame => frame.Number < confirmed[frame.Connection]);
        return new Verdict(failures, sent.Sum(static count => (long)count), taken.Count, confirmed.Sum(static count => count ?? 0) - stored, taken.Count - distinct.Length);
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

using System.Net;
using Ingest.Display;
using Ingest.Sending;

namespace Ingest.Demo;

/// <summary>Represents the result of the demo, which compares the reports of the sender and the receiver.</summary>
/// <param name="Success">True if every stream arrived unchanged and no other stream arrived.</param>
/// <param name="Text">The result in one line.</param>
/// <param name="Problems">The problems, one per line.</param>
internal sealed record Verdict(bool Success, string Text, IReadOnlyList<string> Problems)
{
    /// <summary>Compares the streams by the sender's address.</summary>
    /// <param name="options">The options of the demo.</param>
    /// <param name="sent">The streams that the sender reported.</param>
    /// <param name="received">The streams that the receiver reported.</param>
    /// <param name="elapsed">The duration of the demo.</param>
    /// <param name="ending">The reason for an early end, as the start of a sentence, or null when the demo ended by itself.</param>
    /// <param name="buffersOut">The number of buffers that were not returned at the end, or null if it is unknown.</param>
    public static Verdict Of(
        DemoOptions options,
        IReadOnlyCollection<SentStream> sent,
        IReadOnlyCollection<ReceivedStream> received,
        TimeSpan elapsed,
        string? ending,
        int? buffersOut)
    {
        List<string> problems = [];
        Dictionary<EndPoint, ReceivedStream> byAddress = [];
        foreach (ReceivedStream stream in received)
        {
            if (stream.Remote is null || !byAddress.TryAdd(stream.Remote, stream))
            {
                problems.Add($"a stream from {stream.Remote?.ToString() ?? "an unknown address"} has the address of another stream");
            }
        }

        int intact = 0;
        foreach (SentStream stream in sent)
        {
            ReceivedStream? match = null;
            if (stream.Local is not null)
            {
                byAddress.Remove(stream.Local, out match);
            }

            if (Compare(options, stream, match) is { } problem)
            {
                problems.Add(problem);
            }
            else
            {
                intact++;
            }
        }

        if (sent.Count < options.Connections && ending is null)
        {
            problems.Add($"the sender reports {Quantity.Of(sent.Count, "stream", "streams")} instead of {options.Connections}");
        }

        problems.AddRange(byAddress.Values.Select(Describe));

        if (buffersOut > 0)
        {
            problems.Add($"{Quantity.Of(buffersOut.Value, "buffer was", "buffers were")} never returned");
        }

        long bytes = received.Sum(stream => stream.Bytes);
        bool success = problems.Count == 0 && intact == options.Connections && ending is null;
        string text = $"{intact} of {Quantity.Of(options.Connections, "stream", "streams")} intact, {Quantity.Bytes(bytes)} in {Quantity.Seconds(elapsed)}, {Quantity.Rate(bytes, elapsed)}";
        return new Verdict(success, ending is null ? text : $"{ending}: {text}", problems);
    }

    /// <summary>
    /// Describes a stream that the sender did not report. Either the sender ended too early, or another process sent the stream.
    /// </summary>
    private static string Describe(ReceivedStream received) => received.End switch
    {
        null => $"{received.Remote}: has not ended, at {Quantity.Count(received.Bytes)} bytes",
        { Error: { } error } => $"{received.Remote}: broke after {Quantity.Count(received.Bytes)} bytes: {error}",
        _ => $"{received.Remote}: the sender did not report this stream",
    };

    private static string? Compare(DemoOptions options, SentStream sent, ReceivedStream? received)
    {
        string name = sent.Local?.ToString() ?? "a stream";
        return (sent, received) switch
        {
            ({ Error: { } error }, _) => $"{name}: sending ended after {Quantity.Bytes(sent.Bytes)}: {error}",
            (_, null) => $"{name}: did not arrive",
            (_, { End: null }) => $"{name}: has not ended, at {Quantity.Count(received.Bytes)} of {Quantity.Count(sent.Bytes)} bytes",
            (_, { End.Error: { } error }) => $"{name}: broke after {Quantity.Count(received.Bytes)} bytes: {error}",
            // The volume is checked only without a storm, because the streams of a storm end when it is over.
            _ when options.Storm is null && sent.Bytes != options.Volume => $"{name}: {Quantity.Count(sent.Bytes)} bytes were sent instead of {Quantity.Count(options.Volume)}",
            _ when received.Bytes != sent.Bytes => $"{name}: {Quantity.Count(received.Bytes)} bytes arrived, {Quantity.Count(sent.Bytes)} were sent",
            _ when received.End.Sha256 != sent.Sha256 => $"{name}: the bytes differ: SHA-256 {received.End.Sha256[..16]}… instead of {sent.Sha256[..16]}…",
            _ => null,
        };
    }
}

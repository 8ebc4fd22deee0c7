namespace Zcrx.Rx.Tests.Framing;

/// <summary>Records the actions of a framing operator in order, as text that can be compared.</summary>
internal sealed class FramingEvents : IObserver<ReceivedFrame>
{
    public const string Completed = "completed";

    public List<string> Events { get; } = [];

    public static string Frame(ReadOnlySpan<byte> bytes) => $"frame {Convert.ToHexString(bytes)}";

    public static string Skip(long offset, long length) => $"skip {offset} {length}";

    public static string Error(long offset, long? announced, string cause) => $"error {offset} {announced} {cause}";

    public void OnNext(ReceivedFrame value) => Events.Add(Frame(value.ToArray()));

    public void OnSkipped(SkippedFrame frame) => Events.Add(Skip(frame.StreamOffset, frame.Length));

    public void OnCompleted() => Events.Add(Completed);

    public void OnError(Exception error) => Events.Add(error is ZcrxFramingException framing
        ? Error(framing.StreamOffset, framing.AnnouncedLength, framing.Cause)
        : error.ToString());
}

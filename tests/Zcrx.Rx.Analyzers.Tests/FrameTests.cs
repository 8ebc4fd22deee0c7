using Zcrx.Rx.Analyzers.Tests.Support;
using Check = Zcrx.Rx.Analyzers.Tests.Support.AnalyzerCheck<Zcrx.Rx.Analyzers.BorrowedElementAnalyzer, Zcrx.Rx.Analyzers.BorrowedElementCodeFix>;

namespace Zcrx.Rx.Analyzers.Tests;

/// <summary>Tests rule ZCRX0001 on frames. The rule reports operators that keep or reschedule borrowed frames.</summary>
public class FrameTests
{
    private const string Frames = "buffers.Frames(LengthPrefix.UInt32BigEndian, maxLength: 1024)";
    private const string Received = "Observable.Never<ReceivedFrame>()";

    [Theory]
    [InlineData(Frames + ".{|ZCRX0001:Delay|}(time)")]
    [InlineData("Synchronization.{|ZCRX0001:ObserveOn|}(" + Frames + ", scheduler)")]
    [InlineData(Frames + ".{|ZCRX0001:Buffer|}(4)")]
    [InlineData(Frames + ".{|ZCRX0001:Sample|}(time)")]
    [InlineData(Frames + ".{|ZCRX0001:ToList|}()")]
    [InlineData(Received + ".{|ZCRX0001:Delay|}(time)")]
    [InlineData(Received + ".{|ZCRX0001:Buffer|}(4)")]
    [InlineData(Received + ".{|ZCRX0001:Sample|}(time)")]
    [InlineData(Received + ".{|ZCRX0001:GroupBy|}(frame => frame.Sequence)")]
    [InlineData(Received + ".GroupBy(frame => frame.Sequence.Length).SelectMany(group => group.{|ZCRX0001:Buffer|}(4))")]
    [InlineData(Received + ".Select(frame => frame.Sequence).{|ZCRX0001:Delay|}(time)")]
    [InlineData(Received + ".Select(frame => frame.Sequence.Slice(4)).{|ZCRX0001:Throttle|}(time)")]
    public Task Operator_that_keeps_frames_is_reported(string expression) => Check.ReportsAsync(Snippet.Of($"_ = {expression};"));

    [Theory]
    [InlineData(Frames + ".Where(frame => true).Select(frame => 1).Delay(time)")]
    [InlineData(Received + ".Select(frame => frame.Sequence.Length).Delay(time)")]
    [InlineData(Received + ".Select(frame => frame.Retain()).Delay(time)")]
    [InlineData(Received + ".GroupBy(frame => frame.Sequence.Length)")]
    [InlineData("Observable.Never<System.Buffers.ReadOnlySequence<byte>>().Delay(time)")]
    public Task Operator_that_keeps_no_frame_is_not_reported(string expression) => Check.ReportsAsync(Snippet.Of($"_ = {expression};"));

    [Fact]
    public Task Code_fix_retains_frames() => Check.FixesAsync(
        Snippet.Of($"_ = {Received}.{{|ZCRX0001:Delay|}}(time);"),
        "Retain each ReceivedFrame before 'Delay'",
        Snippet.Of($"_ = {Received}.Retained().Delay(time);"));

    [Fact]
    public Task Code_fix_that_copies_a_frame_adds_the_namespace_it_needs() => Check.FixesAsync(
        Snippet.Of($"_ = {Received}.{{|ZCRX0001:Sample|}}(time);"),
        "Copy the bytes before 'Sample'",
        Snippet.Of($"_ = {Received}.Select(static frame => frame.Sequence.ToArray()).Sample(time);").Replace("using Zcrx.Rx;\n\n", "using Zcrx.Rx;\nusing System.Buffers;\n\n", StringComparison.Ordinal));
}

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Testing;
using Zcrx.Rx.Analyzers.Tests.Support;
using Check = Zcrx.Rx.Analyzers.Tests.Support.AnalyzerCheck<Zcrx.Rx.Analyzers.BorrowedElementAnalyzer, Zcrx.Rx.Analyzers.BorrowedElementCodeFix>;

namespace Zcrx.Rx.Analyzers.Tests;

/// <summary>Tests rule ZCRX0001 on buffers. The rule reports operators that keep or reschedule borrowed buffers.</summary>
public class BorrowedElementTests
{
    [Theory]
    [InlineData("buffers.{|ZCRX0001:Delay|}(time)")]
    [InlineData("buffers.{|ZCRX0001:Delay|}(buffer => Observable.Timer(time))")]
    [InlineData("Synchronization.{|ZCRX0001:ObserveOn|}(buffers, scheduler)")]
    [InlineData("buffers.{|ZCRX0001:Buffer|}(4)")]
    [InlineData("buffers.{|ZCRX0001:Buffer|}(time)")]
    [InlineData("buffers.{|ZCRX0001:Buffer|}(time, 1)")]
    [InlineData("buffers.{|ZCRX0001:Sample|}(time)")]
    [InlineData("buffers.{|ZCRX0001:Throttle|}(time)")]
    [InlineData("buffers.{|ZCRX0001:Replay|}()")]
    [InlineData("buffers.{|ZCRX0001:Replay|}(1)")]
    [InlineData("buffers.{|ZCRX0001:Publish|}(default(ReceivedBuffer))")]
    [InlineData("buffers.{|ZCRX0001:PublishLast|}()")]
    [InlineData("buffers.{|ZCRX0001:ToList|}()")]
    [InlineData("buffers.{|ZCRX0001:ToArray|}()")]
    [InlineData("buffers.{|ZCRX0001:ToDictionary|}(buffer => buffer.StreamOffset)")]
    [InlineData("buffers.{|ZCRX0001:ToLookup|}(buffer => buffer.Length)")]
    [InlineData("buffers.{|ZCRX0001:ToEnumerable|}()")]
    [InlineData("buffers.{|ZCRX0001:Zip|}(Observable.Interval(time), (buffer, tick) => buffer)")]
    [InlineData("Observable.Interval(time).{|ZCRX0001:Zip|}(buffers, (tick, buffer) => buffer)")]
    [InlineData("Observable.{|ZCRX0001:Zip|}(buffers, buffers)")]
    [InlineData("Observable.{|ZCRX0001:Zip|}(new[] { buffers, buffers })")]
    [InlineData("buffers.{|ZCRX0001:CombineLatest|}(Observable.Interval(time), (buffer, tick) => buffer)")]
    [InlineData("Observable.Interval(time).{|ZCRX0001:WithLatestFrom|}(buffers, (tick, buffer) => buffer)")]
    [InlineData("buffers.{|ZCRX0001:Join|}(Observable.Interval(time), buffer => Observable.Never<Unit>(), tick => Observable.Never<Unit>(), (buffer, tick) => tick)")]
    [InlineData("buffers.{|ZCRX0001:Scan|}((earlier, later) => later)")]
    [InlineData("buffers.{|ZCRX0001:Scan|}(new List<ReceivedBuffer>(), (list, buffer) => list)")]
    [InlineData("buffers.{|ZCRX0001:Aggregate|}((earlier, later) => later)")]
    [InlineData("buffers.{|ZCRX0001:LastAsync|}()")]
    [InlineData("buffers.{|ZCRX0001:TakeLast|}(1)")]
    [InlineData("buffers.{|ZCRX0001:SkipLast|}(1)")]
    [InlineData("buffers.{|ZCRX0001:First|}()")]
    [InlineData("buffers.{|ZCRX0001:MaxBy|}(buffer => buffer.Length)")]
    [InlineData("buffers.{|ZCRX0001:Distinct|}()")]
    [InlineData("buffers.{|ZCRX0001:DistinctUntilChanged|}()")]
    [InlineData("buffers.{|ZCRX0001:Distinct|}(buffer => buffer.Memory)")]
    [InlineData("buffers.{|ZCRX0001:GroupBy|}(buffer => buffer.Memory.Slice(0, 4))")]
    [InlineData("buffers.{|ZCRX0001:ToTask|}()")]
    [InlineData("buffers.FirstAsync().{|ZCRX0001:ToTask|}()")]
    [InlineData("buffers.{|ZCRX0001:RunAsync|}(default)")]
    [InlineData("{|ZCRX0001:await|} buffers.FirstAsync()")]
    [InlineData("{|ZCRX0001:new ReplaySubject<ReceivedBuffer>(1)|}")]
    [InlineData("System.Threading.Channels.Channel.{|ZCRX0001:CreateUnbounded|}<ReceivedBuffer>()")]
    public Task Operator_that_keeps_buffers_is_reported(string expression) => Check.ReportsAsync(Snippet.Of($"_ = {expression};"));

    [Theory]
    [InlineData("buffers.Where(buffer => buffer.Length > 4).Do(buffer => { }).Skip(1).{|ZCRX0001:Delay|}(time)")]
    [InlineData("buffers.Timestamp().{|ZCRX0001:Delay|}(time)")]
    [InlineData("buffers.Materialize().{|ZCRX0001:Delay|}(time)")]
    [InlineData("buffers.Select(buffer => (buffer, buffer.Length)).{|ZCRX0001:Delay|}(time)")]
    [InlineData("buffers.Select(buffer => new { buffer, buffer.Length }).{|ZCRX0001:ToList|}()")]
    [InlineData("buffers.Select(buffer => buffer.Memory).{|ZCRX0001:Delay|}(time)")]
    [InlineData("buffers.Select(buffer => buffer.Memory.Slice(2)).Where(memory => memory.Length > 0).{|ZCRX0001:Buffer|}(4)")]
    [InlineData("buffers.Select(buffer => (buffer.StreamOffset, buffer.Memory)).{|ZCRX0001:Buffer|}(4)")]
    [InlineData("buffers.Select(buffer => new { buffer.StreamOffset, buffer.Memory }).{|ZCRX0001:Buffer|}(4)")]
    [InlineData("buffers.Select(buffer => { var part = buffer.Memory.Slice(2); return (part, 1); }).{|ZCRX0001:Delay|}(time)")]
    [InlineData("buffers.Select(buffer => { if (buffer.Length == 0) { return default; } return buffer.Memory; }).{|ZCRX0001:ToList|}()")]
    [InlineData("buffers.{|ZCRX0001:GroupBy|}(buffer => { return buffer.Memory; })")]
    [InlineData("buffers.Publish().RefCount().{|ZCRX0001:Sample|}(time)")]
    [InlineData("buffers.GroupBy(buffer => buffer.Length).SelectMany(group => group.{|ZCRX0001:Buffer|}(4))")]
    [InlineData("buffers.Window(4).SelectMany(window => window.{|ZCRX0001:ToList|}())")]
    [InlineData("buffers.GroupBy(buffer => buffer.Length).Merge().{|ZCRX0001:Delay|}(time)")]
    [InlineData("buffers.Window(time).SelectMany(window => window.{|ZCRX0001:Delay|}(time))")]
    [InlineData("buffers.Window(4).Merge().{|ZCRX0001:Sample|}(time)")]
    [InlineData("buffers.Publish(shared => shared.{|ZCRX0001:Buffer|}(4))")]
    [InlineData("buffers.Merge(buffers).{|ZCRX0001:ToList|}()")]
    [InlineData("Observable.Merge(buffers, buffers).{|ZCRX0001:Delay|}(time)")]
    [InlineData("buffers.Select(buffer => buffer.Memory).Window(4).SelectMany(window => window.{|ZCRX0001:Delay|}(time))")]
    [InlineData("buffers.{|ZCRX0001:Delay|}(time).Window(4).SelectMany(window => window.ToList())")]
    [InlineData("buffers.Select(buffer => buffer.Memory).Publish().RefCount().{|ZCRX0001:Delay|}(time)")]
    [InlineData("buffers.Select(buffer => buffer.Memory).Merge(Observable.Never<ReadOnlyMemory<byte>>()).{|ZCRX0001:Buffer|}(4)")]
    [InlineData("connection.Buffers.{|ZCRX0001:Delay|}(time).Sample(time).Buffer(4)")]
    public Task Elements_are_followed_through_operators_and_reported_once(string expression) => Check.ReportsAsync(Snippet.Of($"_ = {expression};"));

    [Theory]
    [InlineData("buffers.Offload(scheduler).{|ZCRX0001:Buffer|}(4)")]
    [InlineData("buffers.ObserveOn(scheduler).{|ZCRX0001:Delay|}(time)")]
    [InlineData("buffers.Offload(scheduler).Where(lease => lease.Length > 0).{|ZCRX0001:ToList|}()")]
    [InlineData("buffers.Offload(scheduler).GroupBy(lease => lease.Length).SelectMany(group => group.{|ZCRX0001:Buffer|}(4))")]
    [InlineData("buffers.Offload(scheduler).Window(4).SelectMany(window => window.Where(lease => lease.Length > 0).{|ZCRX0001:ToList|}())")]
    [InlineData("buffers.Offload(scheduler).Window(4).Take(1).SelectMany(window => { return window.{|ZCRX0001:Delay|}(time); })")]
    [InlineData("buffers.Offload(scheduler).Publish().RefCount().{|ZCRX0001:Buffer|}(4)")]
    [InlineData("buffers.Offload(scheduler).Merge(buffers.Offload(scheduler)).{|ZCRX0001:Delay|}(time)")]
    public Task Operator_that_keeps_lent_leases_is_reported(string expression) => Check.ReportsAsync(Snippet.Of($"_ = {expression};"));

    [Theory]
    [InlineData("buffers.ObserveOn(scheduler)")]
    [InlineData("buffers.SubscribeOn(scheduler)")]
    [InlineData("buffers.DelaySubscription(time)")]
    [InlineData("buffers.Buffer(1)")]
    [InlineData("buffers.Window(4)")]
    [InlineData("buffers.GroupBy(buffer => buffer.Length)")]
    [InlineData("buffers.GroupBy(buffer => buffer.Memory.Length)")]
    [InlineData("buffers.Publish()")]
    [InlineData("buffers.Publish().RefCount()")]
    [InlineData("buffers.Publish(shared => shared.Where(buffer => buffer.Length > 4))")]
    [InlineData("buffers.Merge(buffers)")]
    [InlineData("Observable.Merge(buffers, buffers)")]
    [InlineData("buffers.GroupBy(buffer => buffer.Length).Merge()")]
    [InlineData("buffers.GroupBy(buffer => buffer.Length).SelectMany(group => group.Select(buffer => buffer.Length))")]
    [InlineData("buffers.Window(time).SelectMany(window => window.Count())")]
    [InlineData("buffers.Window(4).Merge()")]
    [InlineData("buffers.Where(buffer => buffer.Length > 4).Take(2).FirstAsync()")]
    [InlineData("buffers.Distinct(buffer => buffer.StreamOffset)")]
    [InlineData("buffers.Scan(0L, (sum, buffer) => sum + buffer.Length)")]
    [InlineData("buffers.ToDictionary(buffer => buffer.StreamOffset, buffer => buffer.Length)")]
    [InlineData("buffers.WithLatestFrom(Observable.Interval(time), (buffer, tick) => tick)")]
    [InlineData("buffers.Zip(new[] { 1, 2 }, (buffer, number) => number)")]
    [InlineData("buffers.Max(buffer => buffer.Length)")]
    [InlineData("buffers.Select(buffer => buffer.Length).Delay(time)")]
    [InlineData("buffers.Select(buffer => buffer.Span.ToArray()).Buffer(4)")]
    [InlineData("buffers.Select(buffer => buffer.Memory.ToArray()).Delay(time)")]
    [InlineData("buffers.Retained().Delay(time)")]
    [InlineData("buffers.Retained().Buffer(4)")]
    [InlineData("buffers.Retained().GroupBy(lease => lease.Length).SelectMany(group => group.Buffer(4))")]
    [InlineData("buffers.Offload(scheduler).GroupBy(lease => lease.Length).SelectMany(group => group.Select(lease => lease.Length).Buffer(4))")]
    [InlineData("buffers.Offload(scheduler).GroupBy(lease => lease.Length, lease => lease.Length).SelectMany(group => group.Buffer(4))")]
    [InlineData("buffers.Offload(scheduler).Select(lease => lease.Move()).Delay(time)")]
    [InlineData("buffers.ToAsyncEnumerable()")]
    [InlineData("buffers.Process(async (lease, token) => await WorkAsync(lease.Memory)).ToTask()")]
    [InlineData("new Subject<ReceivedBuffer>()")]
    [InlineData("new List<int>().ToList()")]
    [InlineData("Observable.Return(new ReadOnlyMemory<byte>(new byte[4])).Delay(time)")]
    [InlineData("Observable.Interval(time).Buffer(4).ToList()")]
    public Task Operator_that_keeps_no_borrowed_memory_is_not_reported(string expression) => Check.ReportsAsync(Snippet.Of($"_ = {expression};"));

    [Theory]
    [InlineData("buffers.{|#0:Delay|}(time)", "'Delay' keeps a borrowed ReceivedBuffer beyond OnNext, when its memory is reused. Put Retained() before it and dispose the leases, or use Offload or Process.")]
    [InlineData("buffers.{|#0:Sample|}(time)", "'Sample' keeps a borrowed ReceivedBuffer beyond OnNext, when its memory is reused. Copy the bytes before it.")]
    [InlineData("buffers.Offload(scheduler).{|#0:Buffer|}(4)", "'Buffer' keeps a lent BufferLease beyond OnNext, when it is released. Put Select(lease => lease.Move()) before it, and dispose the leases.")]
    public Task Message_names_cause_and_fix(string expression, string message) =>
        Check.ReportsAsync(Snippet.Of($"_ = {expression};"), new DiagnosticResult("ZCRX0001", DiagnosticSeverity.Warning).WithLocation(0).WithMessage(message));

    [Fact]
    public Task Local_that_holds_the_sequence_is_followed() => Check.ReportsAsync(Snippet.Of("""
        var memories = buffers.Select(buffer => buffer.Memory);
        _ = memories.{|ZCRX0001:Delay|}(time);
        var replaced = buffers.Select(buffer => buffer.Memory);
        replaced = Observable.Empty<ReadOnlyMemory<byte>>();
        _ = replaced.Delay(time);
        """));

    [Theory]
    [InlineData("Retain each ReceivedBuffer before 'Delay'", "buffers.{|ZCRX0001:Delay|}(time).Subscribe(buffer => Use(buffer.Span))", "buffers.Retained().Delay(time).Subscribe(buffer => Use(buffer.Span))")]
    [InlineData("Retain each ReceivedBuffer before 'ToList'", "await buffers.{|ZCRX0001:ToList|}()", "await buffers.Retained().ToList()")]
    [InlineData("Copy the bytes before 'Sample'", "buffers.{|ZCRX0001:Sample|}(time).Subscribe(bytes => { })", "buffers.Select(static buffer => buffer.Span.ToArray()).Sample(time).Subscribe(bytes => { })")]
    [InlineData("Copy the bytes before 'Delay'", "buffers.Select(buffer => buffer.Memory).{|ZCRX0001:Delay|}(time)", "buffers.Select(buffer => buffer.Memory).Select(static memory => memory.ToArray()).Delay(time)")]
    [InlineData("Move each lease before 'Buffer'", "buffers.Offload(scheduler).{|ZCRX0001:Buffer|}(4)", "buffers.Offload(scheduler).Select(lease => lease.Move()).Buffer(4)")]
    public Task Code_fix_inserts_an_operator_that_retains_or_copies(string title, string before, string after) =>
        Check.FixesAsync(Snippet.Of($"_ = {before};"), title, Snippet.Of($"_ = {after};"));

    [Fact]
    public Task Code_fix_offloads_where_the_general_ObserveOn_is_called() => Check.FixesAsync(
        Snippet.Of("_ = buffers.{|ZCRX0001:ObserveOn|}<ReceivedBuffer>(scheduler);"), "Use 'Offload'", Snippet.Of("_ = buffers.Offload(scheduler);"));

    [Fact]
    public Task Code_fix_keeps_one_operator_a_line() => Check.FixesAsync(
        Snippet.Of("""
        _ = connection.Buffers
                    .{|ZCRX0001:Delay|}(time)
                    .Subscribe(buffer => Use(buffer.Span));
        """),
        "Retain each ReceivedBuffer before 'Delay'",
        Snippet.Of("""
        _ = connection.Buffers
                    .Retained()
                    .Delay(time)
                    .Subscribe(buffer => Use(buffer.Span));
        """));
}

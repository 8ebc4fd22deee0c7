using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Testing;
using Zcrx.Rx.Analyzers.Tests.Support;
using Check = Zcrx.Rx.Analyzers.Tests.Support.AnalyzerCheck<Zcrx.Rx.Analyzers.AsyncObserverAnalyzer, Zcrx.Rx.Analyzers.AsyncObserverCodeFix>;

namespace Zcrx.Rx.Analyzers.Tests;

/// <summary>Tests rule ZCRX0002, which reports async lambdas and methods that become observers.</summary>
public class AsyncObserverTests
{
    [Theory]
    [InlineData("queue.Listen(endPoint).Subscribe({|ZCRX0002:async connection => await Task.Yield()|})")]
    [InlineData("buffers.Subscribe({|ZCRX0002:async buffer => await Task.Yield()|})")]
    [InlineData("buffers.Subscribe({|ZCRX0002:async (ReceivedBuffer buffer) => { await Task.Yield(); }|})")]
    [InlineData("buffers.Subscribe({|ZCRX0002:async delegate { await Task.Yield(); }|})")]
    [InlineData("buffers.Subscribe(buffer => { }, {|ZCRX0002:async error => await Task.Yield()|})")]
    [InlineData("buffers.Subscribe(buffer => { }, {|ZCRX0002:async () => await Task.Yield()|})")]
    [InlineData("buffers.Do({|ZCRX0002:async buffer => await Task.Yield()|})")]
    [InlineData("buffers.ForEachAsync({|ZCRX0002:async buffer => await Task.Yield()|})")]
    [InlineData("buffers.Retained().Subscribe({|ZCRX0002:async lease => { using (lease) await Task.Yield(); }|})")]
    [InlineData("buffers.Select(buffer => buffer.Length).Subscribe({|ZCRX0002:async length => await Task.Yield()|})")]
    [InlineData("buffers.Frames(Delimiter.LineFeed, 64).Subscribe({|ZCRX0002:async frame => await Task.Yield()|})")]
    [InlineData("Observer.Create<ReceivedBuffer>({|ZCRX0002:async buffer => await Task.Yield()|})")]
    public Task Async_lambda_that_becomes_an_observer_is_reported(string expression) => Check.ReportsAsync(Snippet.Of($"_ = {expression};"));

    [Theory]
    [InlineData("buffers.Subscribe(buffer => { })")]
    [InlineData("buffers.Subscribe(buffer => _ = WorkAsync(default))")]
    [InlineData("buffers.Process(async (lease, token) => await WorkAsync(lease.Memory)).Subscribe()")]
    [InlineData("buffers.SelectMany(async buffer => { await Task.Yield(); return 1; }).Subscribe()")]
    [InlineData("Observable.Interval(time).Subscribe(async tick => await Task.Yield())")]
    [InlineData("new Func<Task>(async () => await Task.Yield())")]
    public Task Synchronous_observer_and_awaited_handler_are_not_reported(string expression) => Check.ReportsAsync(Snippet.Of($"_ = {expression};"));

    [Fact]
    public Task Method_group_that_is_async_void_is_reported() => Check.ReportsAsync(Snippet.Of("""
        _ = buffers.Subscribe({|ZCRX0002:OnBuffer|});
        async void OnBuffer(ReceivedBuffer buffer) => await Task.Yield();
        """));

    [Fact]
    public Task Observer_class_with_async_OnNext_is_reported() => Check.ReportsAsync(Snippet.Of("") + """
        public sealed class Sink : IObserver<ReceivedBuffer>
        {
            public async void {|ZCRX0002:OnNext|}(ReceivedBuffer value) => await Task.Yield();
            public void OnError(Exception error) { }
            public void OnCompleted() { }
        }
        """);

    [Fact]
    public Task Message_names_cause_and_fix() => Check.ReportsAsync(
        Snippet.Of("_ = buffers.Subscribe({|#0:async buffer => await Task.Yield()|});"),
        new DiagnosticResult("ZCRX0002", DiagnosticSeverity.Warning).WithLocation(0).WithMessage(
            "The async lambda that is passed to 'Subscribe' is async void. Nothing waits for it, and an exception in it ends the process. Use Process(async (lease, cancellation) => …)."));

    [Theory]
    [InlineData(
        "_ = buffers.Subscribe({|ZCRX0002:async buffer => await WorkAsync(buffer.Memory)|});",
        "_ = buffers.Process(async (buffer, cancellation) => await WorkAsync(buffer.Memory)).Subscribe();")]
    [InlineData(
        "_ = buffers.Where(b => b.Length > 1).Subscribe({|ZCRX0002:async (buffer) => { await WorkAsync(buffer.Memory); }|}, error => { });",
        "_ = buffers.Where(b => b.Length > 1).Process(async (buffer, cancellation) => { await WorkAsync(buffer.Memory); }).Subscribe(static _ => { }, error => { });")]
    [InlineData(
        "_ = buffers.Subscribe({|ZCRX0002:async @event => await WorkAsync(@event.Memory)|});",
        "_ = buffers.Process(async (@event, cancellation) => await WorkAsync(@event.Memory)).Subscribe();")]
    public Task Code_fix_processes_buffers(string before, string after) => Check.FixesAsync(Snippet.Of(before), "Use 'Process'", Snippet.Of(after));

    [Fact]
    public Task Code_fix_listens_with_an_async_handler() => Check.FixesAsync(
        Snippet.Of("_ = queue.Listen(endPoint).Subscribe({|ZCRX0002:async client => await Task.Yield()|});"),
        "Use 'Listen' with an asynchronous handler",
        Snippet.Of("_ = queue.Listen(endPoint, async (client, cancellation) => await Task.Yield());"));
}

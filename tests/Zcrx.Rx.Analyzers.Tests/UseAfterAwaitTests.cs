using Zcrx.Rx.Analyzers.Tests.Support;
using Check = Zcrx.Rx.Analyzers.Tests.Support.AnalyzerCheck<Zcrx.Rx.Analyzers.UseAfterAwaitAnalyzer, Microsoft.CodeAnalysis.Testing.EmptyCodeFixProvider>;

namespace Zcrx.Rx.Analyzers.Tests;

/// <summary>Tests rule ZCRX0004, which reports borrowed buffers and frames that are used after <c>await</c>.</summary>
public class UseAfterAwaitTests
{
    [Theory]
    [InlineData("buffers.SelectMany(async buffer => { await Task.Yield(); return {|ZCRX0004:buffer|}.Length; });")]
    [InlineData("buffers.SelectMany(async buffer => { int one = await Task.FromResult(1); if (one == 1) { Use({|ZCRX0004:buffer|}.Span); } return 1; });")]
    [InlineData("buffers.SelectMany(async buffer => { await WorkAsync(buffer.Memory); await WorkAsync({|ZCRX0004:buffer|}.Memory); return 1; });")]
    [InlineData("Observable.Never<ReceivedFrame>().SelectMany(async frame => { await Task.Yield(); return {|ZCRX0004:frame|}.Sequence.Length; });")]
    [InlineData("async Task HandleAsync(ReceivedBuffer buffer) { await Task.Yield(); Use({|ZCRX0004:buffer|}.Span); }")]
    public Task Use_after_await_is_reported(string statement) => Check.ReportsAsync(Snippet.Of(statement));

    [Theory]
    [InlineData("buffers.SelectMany(async buffer => { await WorkAsync(buffer.Memory); return 1; });")]
    [InlineData("buffers.SelectMany(async buffer => { int length = buffer.Length; await Task.Yield(); return length; });")]
    [InlineData("buffers.SelectMany(async buffer => { if (buffer.Length == 0) { await Task.Yield(); return 0; } return buffer.Length; });")]
    [InlineData("buffers.SelectMany(async buffer => await Task.FromResult(buffer.Length));")]
    [InlineData("await Task.Yield(); buffers.Subscribe(buffer => Use(buffer.Span));")]
    [InlineData("buffers.Process(async (lease, token) => { await Task.Yield(); Use(lease.Span); });")]
    public Task Use_before_await_and_use_of_a_lease_are_not_reported(string statement) => Check.ReportsAsync(Snippet.Of(statement));
}

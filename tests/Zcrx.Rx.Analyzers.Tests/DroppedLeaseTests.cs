using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Testing;
using Zcrx.Rx.Analyzers.Tests.Support;
using Check = Zcrx.Rx.Analyzers.Tests.Support.AnalyzerCheck<Zcrx.Rx.Analyzers.DroppedLeaseAnalyzer, Zcrx.Rx.Analyzers.DroppedLeaseCodeFix>;

namespace Zcrx.Rx.Analyzers.Tests;

/// <summary>Tests rule ZCRX0003, which reports leases that are neither disposed nor passed on.</summary>
public class DroppedLeaseTests
{
    [Theory]
    [InlineData("buffers.Subscribe(buffer => {|ZCRX0003:buffer.Retain()|});")]
    [InlineData("buffers.Subscribe(buffer => { {|ZCRX0003:buffer.Retain()|}; });")]
    [InlineData("buffers.Subscribe(buffer => { _ = {|ZCRX0003:buffer.Retain()|}; });")]
    [InlineData("buffers.Subscribe(buffer => { var {|ZCRX0003:lease|} = buffer.Retain(); });")]
    [InlineData("buffers.Subscribe(buffer => { BufferLease {|ZCRX0003:lease|} = buffer.Retain(); Use(lease.Span); });")]
    [InlineData("buffers.Subscribe(buffer => { BufferLease {|ZCRX0003:lease|} = buffer.Retain(); _ = WorkAsync(lease.Memory); });")]
    [InlineData("buffers.Subscribe(buffer => { BufferLease lease; lease = {|ZCRX0003:buffer.Retain()|}; Use(lease.Span); });")]
    [InlineData("buffers.Subscribe(buffer => { BufferLease {|ZCRX0003:first|} = buffer.Retain(); using BufferLease second = first.Retain(); });")]
    [InlineData("buffers.Offload(scheduler).Subscribe(lease => {|ZCRX0003:lease.Move()|});")]
    [InlineData("buffers.Offload(scheduler).Subscribe(lease => { lease?{|ZCRX0003:.Move()|}; });")]
    [InlineData("buffers.Offload(scheduler).Subscribe(lease => { var {|ZCRX0003:moved|} = lease?.Move(); });")]
    [InlineData("buffers.Retained().Subscribe({|ZCRX0003:lease|} => Use(lease.Span));")]
    [InlineData("buffers.Retained().Delay(time).ObserveOn(scheduler).Subscribe({|ZCRX0003:lease|} => { Use(lease.Span); });")]
    [InlineData("_ = buffers.Retained().Select({|ZCRX0003:lease|} => lease.Length);")]
    [InlineData("_ = buffers.Retained().Select(({|ZCRX0003:lease|}, index) => lease.StreamOffset + index);")]
    [InlineData("_ = buffers.Retained().{|ZCRX0003:Sample|}(time);")]
    [InlineData("_ = buffers.Retained().{|ZCRX0003:Skip|}(1);")]
    public Task Lease_that_is_dropped_is_reported(string statement) => Check.ReportsAsync(Snippet.Of(statement));

    [Theory]
    [InlineData("buffers.Subscribe(buffer => { using BufferLease lease = buffer.Retain(); Use(lease.Span); });")]
    [InlineData("buffers.Subscribe(buffer => { using (var lease = buffer.Retain()) { } });")]
    [InlineData("buffers.Subscribe(buffer => { using (buffer.Retain()) { } });")]
    [InlineData("buffers.Subscribe(buffer => { var lease = buffer.Retain(); lease.Dispose(); });")]
    [InlineData("buffers.Subscribe(buffer => { var lease = buffer.Retain(); try { } finally { lease?.Dispose(); } });")]
    [InlineData("buffers.Subscribe(buffer => { var lease = buffer.Retain(); using (lease) { } });")]
    [InlineData("buffers.Subscribe(buffer => buffer.Retain().Dispose());")]
    [InlineData("var list = new List<BufferLease>(); buffers.Subscribe(buffer => list.Add(buffer.Retain()));")]
    [InlineData("var list = new List<BufferLease>(); buffers.Subscribe(buffer => { var lease = buffer.Retain(); list.Add(lease); });")]
    [InlineData("BufferLease last = null; buffers.Subscribe(buffer => { last?.Dispose(); last = buffer.Retain(); });")]
    [InlineData("BufferLease last = null; buffers.Subscribe(buffer => last ??= buffer.Retain());")]
    [InlineData("buffers.Subscribe(buffer => { var lease = buffer.Retain(); Task.Run(() => lease.Dispose()); });")]
    [InlineData("buffers.Subscribe(buffer => { var lease = buffer.Retain(); var other = lease.Move(); other.Dispose(); });")]
    [InlineData("buffers.Subscribe(buffer => { var lease = buffer.Retain(); IDisposable same = lease; same.Dispose(); });")]
    [InlineData("buffers.Subscribe(buffer => { var pair = (buffer.Retain(), 1); pair.Item1.Dispose(); });")]
    [InlineData("_ = buffers.Select(buffer => buffer.Retain());")]
    [InlineData("Func<ReceivedBuffer, BufferLease> keep = buffer => buffer.Retain();")]
    [InlineData("Func<ReceivedBuffer, BufferLease> keep = buffer => { var lease = buffer.Retain(); return lease; };")]
    [InlineData("buffers.Retained().Subscribe(lease => lease.Dispose());")]
    [InlineData("buffers.Retained().Subscribe(lease => { using (lease) { Use(lease.Span); } });")]
    [InlineData("var list = new List<BufferLease>(); buffers.Retained().Delay(time).Subscribe(list.Add);")]
    [InlineData("var list = new List<BufferLease>(); buffers.Retained().Subscribe(lease => list.Add(lease));")]
    [InlineData("buffers.Retained().Do(lease => lease.Dispose()).Subscribe(lease => { });")]
    [InlineData("buffers.Retained().Subscribe(lease => throw new InvalidOperationException());")]
    [InlineData("_ = buffers.Retained().Select(lease => (lease.Length, lease));")]
    [InlineData("_ = buffers.Retained().Select(lease => { using (lease) { return lease.Length; } });")]
    [InlineData("_ = buffers.Offload(scheduler).Select(lease => lease.Length);")]
    [InlineData("buffers.Offload(scheduler).Subscribe(lease => Use(lease.Span));")]
    [InlineData("buffers.Process(async (lease, token) => await WorkAsync(lease.Memory)).Subscribe();")]
    [InlineData("await foreach (BufferLease lease in buffers.ToAsyncEnumerable()) { Use(lease.Span); }")]
    public Task Lease_that_is_disposed_lent_or_passed_on_is_not_reported(string statement) => Check.ReportsAsync(Snippet.Of(statement));

    [Fact]
    public Task Message_names_cause_and_fix() => Check.ReportsAsync(
        Snippet.Of("buffers.Subscribe(buffer => { var {|#0:lease|} = buffer.Retain(); });"),
        new DiagnosticResult("ZCRX0003", DiagnosticSeverity.Warning).WithLocation(0).WithMessage(
            "The lease 'lease' is neither disposed nor passed on, so its buffer never returns to the pool. Declare it with using, or pass it on."));

    [Theory]
    [InlineData("Dispose the lease", "buffers.Subscribe(buffer => {|ZCRX0003:buffer.Retain()|});", "buffers.Subscribe(buffer => buffer.Retain().Dispose());")]
    [InlineData("Dispose the lease", "buffers.Subscribe(buffer => { _ = {|ZCRX0003:buffer.Retain()|}; });", "buffers.Subscribe(buffer => { buffer.Retain().Dispose(); });")]
    [InlineData("Dispose the lease", "buffers.Offload(scheduler).Subscribe(lease => { lease?{|ZCRX0003:.Move()|}; });", "buffers.Offload(scheduler).Subscribe(lease => { lease?.Move().Dispose(); });")]
    [InlineData("Declare 'lease' with using", "buffers.Subscribe(buffer => { var {|ZCRX0003:lease|} = buffer.Retain(); Use(lease.Span); });", "buffers.Subscribe(buffer => { using var lease = buffer.Retain(); Use(lease.Span); });")]
    [InlineData("Declare 'moved' with using", "buffers.Offload(scheduler).Subscribe(lease => { var {|ZCRX0003:moved|} = lease?.Move(); });", "buffers.Offload(scheduler).Subscribe(lease => { using var moved = lease?.Move(); });")]
    public Task Code_fix_disposes_the_lease(string title, string before, string after) => Check.FixesAsync(Snippet.Of(before), title, Snippet.Of(after));

    [Theory]
    [InlineData("lease|} => Use(lease.Span)")]
    [InlineData("lease|} => { Use(lease.Span); }")]
    [InlineData("""
        lease|} =>
                {
                    Use(lease.Span);
                }
        """)]
    public Task Code_fix_disposes_the_lease_of_an_observer(string observer) => Check.FixesAsync(
        Snippet.Of($"buffers.Retained().Subscribe({{|ZCRX0003:{observer});"),
        "Dispose 'lease' with using",
        Snippet.Of("""
            buffers.Retained().Subscribe(lease =>
                    {
                        using (lease)
                        {
                            Use(lease.Span);
                        }
                    });
            """));

    [Fact]
    public Task Code_fix_keeps_the_result_of_a_selector() => Check.FixesAsync(
        Snippet.Of("_ = buffers.Retained().Select({|ZCRX0003:lease|} => lease.Length);"),
        "Dispose 'lease' with using",
        Snippet.Of("""
            _ = buffers.Retained().Select(lease =>
                    {
                        using (lease)
                        {
                            return lease.Length;
                        }
                    });
            """));

    [Fact]
    public Task Code_fix_puts_each_statement_of_an_observer_on_a_line() => Check.FixesAsync(
        Snippet.Of("buffers.Retained().Subscribe({|ZCRX0003:lease|} => { Use(lease.Span); Use(lease.Span); /* both */ });"),
        "Dispose 'lease' with using",
        Snippet.Of("""
            buffers.Retained().Subscribe(lease =>
                    {
                        using (lease)
                        {
                            Use(lease.Span);
                            Use(lease.Span); /* both */
                        }
                    });
            """));
}

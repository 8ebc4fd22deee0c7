using System.Reflection;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Tests.Rings;

/// <summary>
/// Tests all public members of types that own memory, after their disposal. Each member must throw, unless it does not access that memory.
/// A new member must be added to the tables.
/// </summary>
public class AfterDisposalTests
{
    private const string Answers = "answers";
    private const string Throws = nameof(ObjectDisposedException);

    [Fact]
    public void Every_member_throws_or_returns_without_access_to_released_memory()
    {
        EmulatedKernel kernel = new();
        IoRing ring = IoRing.Create(kernel, new IoRingOptions { SubmissionEntries = 8, CompletionEntries = 64 });
        InterfaceQueue queue = InterfaceQueue.Register(ring, new InterfaceQueueOptions { AreaSize = 1 << 16 }, ZcrxCapabilities.Query(kernel));
        ExportedQueue export = queue.Export();
        SubmissionQueue submission = ring.Submission;
        CompletionQueue completion = ring.Completion;
        RefillQueue refill = queue.Refill;
        Assert.True(refill.TryAppend(0));
        export.Dispose();
        ring.Dispose();
        queue.Dispose();
        using IoRing other = IoRing.Create(kernel, new IoRingOptions { SubmissionEntries = 8, CompletionEntries = 64 });

        Check(ring, new()
        {
            ["Kernel"] = (() => ring.Kernel, Answers), ["Submission"] = (() => ring.Submission, Answers), ["Completion"] = (() => ring.Completion, Answers), ["Fd"] = (() => ring.Fd, Throws),
            ["SubmitAndWait"] = (() => ring.SubmitAndWait(0), Throws), ["Submit"] = (() => ring.Submit(), Throws), ["Dispose"] = (Do(ring.Dispose), Answers),
        });
        Check(submission, new()
        {
            ["Capacity"] = (() => submission.Capacity, Answers), ["Pending"] = (() => submission.Pending, Throws), ["IsCompletionOverflown"] = (() => submission.IsCompletionOverflown, Throws),
            ["TryPrepare"] = (() => Prepare(submission), Throws),
        });
        Check(completion, new()
        {
            ["Capacity"] = (() => completion.Capacity, Answers), ["Dropped"] = (() => completion.Dropped, Throws), ["Ready"] = (() => completion.Ready, Throws),
            ["Peek"] = (() => completion.Peek(0).Result, Throws), ["Advance"] = (Do(() => completion.Advance(1)), Throws),
        });
        Check(refill, new()
        {
            ["Capacity"] = (() => refill.Capacity, Answers), ["Depth"] = (() => refill.Depth, Throws), ["TryAppend"] = (() => refill.TryAppend(0), Throws), ["Publish"] = (Do(refill.Publish), Throws),
        });
        Check(queue, new()
        {
            ["Id"] = (() => queue.Id, Answers), ["BufferLength"] = (() => queue.BufferLength, Answers), ["WhyPageBuffers"] = (() => queue.WhyPageBuffers, Answers), ["Buffers"] = (() => queue.Buffers, Answers),
            ["Refill"] = (() => queue.Refill, Answers), ["HasStatistics"] = (() => queue.HasStatistics, Answers), ["Address"] = (() => Address(queue), Answers), ["Contains"] = (() => queue.Contains(0, 1), Answers),
            ["TryPrepareReceive"] = (() => queue.TryPrepareReceive(0, 0), Throws), ["Flush"] = (() => queue.Flush(), Throws), ["Arm"] = (() => queue.Arm(ZcrxNotificationType.Copy), Throws),
            ["Export"] = (queue.Export, Throws), ["AddArea"] = (Do(() => queue.AddArea(1 << 16)), Throws), ["ReadStatistics"] = (() => queue.ReadStatistics(), Answers), ["Dispose"] = (Do(queue.Dispose), Answers),
        });
        Check(export, new()
        {
            ["Kernel"] = (() => export.Kernel, Answers), ["Fd"] = (() => export.Fd, Throws), ["Dispose"] = (Do(export.Dispose), Answers),
        });
        Assert.Throws<ObjectDisposedException>(() => InterfaceQueue.Import(other, export));
        Assert.Throws<ObjectDisposedException>(() => InterfaceQueue.Register(ring, new InterfaceQueueOptions(), ZcrxCapabilities.Query(kernel)));
    }

    private static void Check<T>(T subject, Dictionary<string, (Func<object?> Use, string Outcome)> members)
        where T : notnull
    {
        IEnumerable<string> declared = subject.GetType()
            .GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(static member => member is PropertyInfo or MethodInfo { IsSpecialName: false })
            .Select(static member => member.Name)
            .Distinct();
        Assert.Equal(declared.Order(StringComparer.Ordinal), members.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, (Func<object?> use, string outcome)) in members)
        {
            Exception? thrown = Record.Exception(() => use());
            Assert.True((thrown?.GetType().Name ?? Answers) == outcome, $"{typeof(T).Name}.{name}: expected {outcome}, but {thrown?.ToString() ?? Answers}");
        }
    }

    private static Func<object?> Do(Action use) => () =>
    {
        use();
        return null;
    };

    private static unsafe object Prepare(SubmissionQueue submission) => (nint)submission.TryPrepare();

    // The test only computes the address and does not access the memory.
    private static unsafe object Address(InterfaceQueue queue) => (nint)queue.Address(0);
}

using System.Reflection;
using Zcrx.Actors;
using Zcrx.Architecture.Tests.Sources;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Architecture.Tests;

/// <summary>Tests that a document or a sample uses every public API.</summary>
public class PublicApiDocumentTests
{
    /// <summary>The namespace of names that come from the kernel. The kernel documents these names, so the test ignores them.</summary>
    private const string KernelNames = "Zcrx.Interop.Abi";

    [Fact]
    public void Every_public_member_appears_as_code_in_a_document_or_a_sample()
    {
        IReadOnlySet<string> documented = DocumentedNames.Read(Repository.Path).Names;

        string[] missing = [.. Library.Names.Select(Assembly.Load)
            .SelectMany(static assembly => PublicMember.Of(assembly, KernelNames))
            .Where(member => !documented.Contains(member.Name))
            .Select(static member => member.ToString())];

        Assert.True(
            missing.Length == 0,
            $"{missing.Length} public members appear in no document and in no sample. Describe them in docs, use them in examples, or make them internal:\n{string.Join("\n", missing)}");
    }

    [Fact]
    public void Members_that_the_user_of_a_type_writes_are_found()
    {
        Assert.Equal(["Abandon", "BeginWork", "Hold", "IBufferSource", "Resume"], Names(typeof(IBufferSource)));
        Assert.Equal(["ArmState", "Armed", "Arming", "Disarmed", "Fired"], Names(typeof(ArmState)));
        // The members that the compiler generates for a record are excluded.
        Assert.Equal(["Connection", "ConnectionMoved", "From", "Reason", "To"], Names(typeof(ConnectionMoved)));
        // IDisposable.Dispose is excluded.
        Assert.Equal(["BufferLease", "IsReleased", "Length", "Memory", "Move", "Retain", "Span", "StreamOffset"], Names(typeof(BufferLease)));
        // Operators and CompareTo are excluded, and each name appears once.
        Assert.Equal(["ByteSize", "Bytes", "Parse", "TryParse"], Names(typeof(ByteSize)));
        // Constants and methods are included.
        Assert.Equal(["DefaultMaxUnacknowledged", "DefaultMaxUnacknowledgedBytes", "ToActor", "ZcrxActorExtensions"], Names(typeof(ZcrxActorExtensions)));
        // Protected fields are included.
        Assert.Contains("CoreNewLine", Names(typeof(TextWriter)));
        Assert.Equal(["ZcrxEvent.QueueStopped", "ZcrxEvent.QueueStopped.Queue"], PublicMember.Of(typeof(ZcrxEvent.QueueStopped)).Select(static member => member.ToString()));
    }

    [Fact]
    public void Names_count_only_where_they_are_code()
    {
        DocumentedNames names = new();
        names.AddMarkdown("""
            The Word is prose. `Span.Member` is code, and `a span
            Wrapped` too.

            ```csharp
            int block = Block.Of(1);
            ```
            """);
        names.AddSource("""class Used { string Text => "Literal"; } // Comment""");

        Assert.Superset(new HashSet<string> { "Span", "Member", "Wrapped", "Block", "Of", "Used", "Text" }, names.Names.ToHashSet());
        Assert.DoesNotContain("Word", names.Names);
        Assert.DoesNotContain("Comment", names.Names);
        Assert.DoesNotContain("Literal", names.Names);
    }

    private static IEnumerable<string> Names(Type type) => PublicMember.Of(type).Select(static member => member.Name).Order(StringComparer.Ordinal);
}

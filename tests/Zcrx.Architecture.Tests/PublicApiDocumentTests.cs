using System.Reflection;
using Zcrx.Architecture.Tests.Sources;

namespace Zcrx.Architecture.Tests;

/// <summary>What an application can call is in a document or in a sample.</summary>
public class PublicApiDocumentTests
{
    /// <summary>The kernel's own names, documented by the kernel.</summary>
    private const string KernelNames = "Zcrx.Interop.Abi";

    private interface IContract
    {
        void Required();
    }

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
        Assert.Equal(["IContract", "Required"], PublicMember.Of(typeof(IContract)).Select(static member => member.Name));
        Assert.Equal(["Record", "Value"], PublicMember.Of(typeof(Record)).Select(static member => member.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["Choice", "First"], PublicMember.Of(typeof(Choice)).Select(static member => member.Name));
        Assert.Equal(
            ["Changed", "Limit", "OnChanged", "Required", "Sample", "Size", "Twice"],
            PublicMember.Of(typeof(Sample)).Select(static member => member.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["PublicApiDocumentTests.Sample", "PublicApiDocumentTests.Sample.Size"],
            PublicMember.Of(typeof(Sample)).Where(static member => member.Name is "Sample" or "Size").Select(static member => member.ToString()));
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
        names.AddSource("""// Comment\nclass Used { string Text => "Literal"; }""".Replace("\\n", "\n", StringComparison.Ordinal));

        Assert.Superset(new HashSet<string> { "Span", "Member", "Wrapped", "Block", "Of", "Used", "Text" }, names.Names.ToHashSet());
        Assert.DoesNotContain("Word", names.Names);
        Assert.DoesNotContain("Comment", names.Names);
        Assert.DoesNotContain("Literal", names.Names);
    }

    private enum Choice
    {
        First,
    }

    private sealed record Record(int Value);

    private class Sample : IContract, IDisposable, IComparable<Sample>
    {
        public const int Limit = 1;

        public event EventHandler? Changed;

        public int Size { get; set; }

        internal int Hidden { get; set; }

        public static Sample operator +(Sample left, Sample right) => left;

        public int Twice(int number) => 2 * number;

        public int Twice(long number) => (int)(2 * number);

        public void Required() => OnChanged();

        public int CompareTo(Sample? other) => 0;

        public override string ToString() => "";

        public void Dispose()
        {
        }

        protected virtual void OnChanged() => Changed?.Invoke(this, EventArgs.Empty);
    }
}

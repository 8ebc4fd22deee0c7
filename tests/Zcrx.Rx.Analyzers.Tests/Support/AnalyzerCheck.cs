using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Testing;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Testing;

namespace Zcrx.Rx.Analyzers.Tests.Support;

/// <summary>
/// Compiles snippets against the real library. Compares what an analyzer reports, and what its code fix changes, with the expected results.
/// </summary>
internal static class AnalyzerCheck<TAnalyzer, TCodeFix>
    where TAnalyzer : DiagnosticAnalyzer, new()
    where TCodeFix : CodeFixProvider, new()
{
    /// <summary>
    /// Asserts that the analyzer reports what the markup in the snippet announces, such as <c>{|ZCRX0001:Delay|}</c>. The snippet must
    /// compile.
    /// </summary>
    public static Task ReportsAsync(string source, params DiagnosticResult[] expected)
    {
        AnalyzerTest test = new() { TestCode = source };
        test.ExpectedDiagnostics.AddRange(expected);
        return test.RunAsync();
    }

    /// <summary>Applies the code fix with this title, and asserts that the result is as expected and compiles.</summary>
    public static Task FixesAsync(string source, string title, string expected) =>
        new CodeFixTest { TestCode = source, FixedCode = expected, CodeActionEquivalenceKey = title }.RunAsync();

    private static void Prepare(SolutionState state) => state.AdditionalReferences.AddRange(References.Used);

    private static CSharpParseOptions Parsing() => new(LanguageVersion.Latest);

    private static CSharpCompilationOptions Compiling() => new(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true);

    private sealed class AnalyzerTest : CSharpAnalyzerTest<TAnalyzer, DefaultVerifier>
    {
        public AnalyzerTest()
        {
            ReferenceAssemblies = References.None;
            Prepare(TestState);
        }

        protected override ParseOptions CreateParseOptions() => Parsing();

        protected override CompilationOptions CreateCompilationOptions() => Compiling();
    }

    private sealed class CodeFixTest : CSharpCodeFixTest<TAnalyzer, TCodeFix, DefaultVerifier>
    {
        public CodeFixTest()
        {
            ReferenceAssemblies = References.None;
            Prepare(TestState);
            Prepare(FixedState);
        }

        protected override ParseOptions CreateParseOptions() => Parsing();

        protected override CompilationOptions CreateCompilationOptions() => Compiling();
    }
}

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Testing;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Testing;

namespace Zcrx.Rx.Analyzers.Tests.Support;

/// <summary>Compiles snippets against the real library, and compares the reports of an analyzer and the result of its code fix.</summary>
internal static class AnalyzerCheck<TAnalyzer, TCodeFix>
    where TAnalyzer : DiagnosticAnalyzer, new()
    where TCodeFix : CodeFixProvider, new()
{
    /// <summary>Compares the reports with the markup of the snippet, such as <c>{|ZCRX0001:Delay|}</c>. The snippet must compile.</summary>
    public static Task ReportsAsync(string source, params DiagnosticResult[] expected)
    {
        AnalyzerTest test = new() { TestCode = source };
        test.ExpectedDiagnostics.AddRange(expected);
        return test.RunAsync();
    }

    /// <summary>Applies the code fix with this title and compares the result, which must compile.</summary>
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

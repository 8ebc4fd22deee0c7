using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Testing;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Testing;

namespace Zcrx.Rx.Analyzers.Tests.Support;

/// <summary>Compiles snippets against the real library, and compares what an analyzer reports and what its code fix writes.</summary>
internal static class AnalyzerCheck<TAnalyzer, TCodeFix>
    where TAnalyzer : DiagnosticAnalyzer, new()
    where TCodeFix : CodeFixProvider, new()
{
    /// <summary>Compares the reports with the markup of the snippet, such as <c>{|ZCRX0001:Delay|}</c>.</summary>
    public static Task ReportsAsync(string source, params DiagnosticResult[] expected)
    {
        Test test = new() { TestCode = source };
        test.ExpectedDiagnostics.AddRange(expected);
        return test.RunAsync();
    }

    /// <summary>Applies the code fix with this title and compares the result, which must compile.</summary>
    public static Task FixesAsync(string source, string title, string expected, params string[] remaining)
    {
        Test test = new()
        {
            TestCode = source,
            FixedCode = expected,
            CodeActionEquivalenceKey = title,
            CodeActionValidationMode = CodeActionValidationMode.None,
            // Another rule may have something to say about the result.
            NumberOfFixAllIterations = 1,
        };
        test.DisabledDiagnostics.AddRange(remaining);
        return test.RunAsync();
    }

    private sealed class Test : CSharpCodeFixTest<TAnalyzer, TCodeFix, DefaultVerifier>
    {
        public Test()
        {
            ReferenceAssemblies = References.None;
            TestState.AdditionalReferences.AddRange(References.Used);
            if (References.FrameStub is { } stub)
            {
                TestState.Sources.Add(("Frames.cs", stub));
                FixedState.Sources.Add(("Frames.cs", stub));
            }
        }

        protected override ParseOptions CreateParseOptions() => new CSharpParseOptions(LanguageVersion.Latest);

        protected override CompilationOptions CreateCompilationOptions() => new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true);
    }
}

using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Zcrx.Packages.Tests.Samples;

/// <summary>Converts a sample to a source file, so that it compiles together with the other samples.</summary>
/// <remarks>
/// The statements of the sample become the method <c>SampleAsync</c> of a class, and its types become nested types. Errors are reported at
/// the lines of the document.
/// </remarks>
internal static class SampleSource
{
    /// <summary>The return type of <c>SampleAsync</c> if the sample is a whole program. The result is the exit code.</summary>
    private const string ProgramResult = "Task<int>";

    public static string Write(DocumentSample sample)
    {
        CompilationUnitSyntax unit = (CompilationUnitSyntax)CSharpSyntaxTree.ParseText(sample.Code).GetRoot();
        GlobalStatementSyntax[] statements = [.. unit.Members.OfType<GlobalStatementSyntax>()];
        MemberDeclarationSyntax[] types = [.. unit.Members.Except(statements)];
        bool isInstance = sample.Context.Base.Length > 0;
        StringBuilder text = new();

        text.AppendLine("#pragma warning disable CS1998, CS0219, CS0169, CS0649, CS0414, CS8321");
        Place(text, sample, unit.Usings);
        if (!sample.IsProgram)
        {
            text.AppendLine(sample.Context.Usings).AppendLine("using static Samples.Ambient;");
        }
        else if (sample.Code.Contains("WebApplication", StringComparison.Ordinal))
        {
            // These are the implicit usings of the SDK for web applications.
            text.AppendLine("using Microsoft.AspNetCore.Builder; using Microsoft.AspNetCore.Hosting; using Microsoft.AspNetCore.Http; using Microsoft.AspNetCore.Routing;")
                .AppendLine("using Microsoft.Extensions.Configuration; using Microsoft.Extensions.DependencyInjection; using Microsoft.Extensions.Hosting; using Microsoft.Extensions.Logging;");
        }

        text.AppendLine($"namespace Samples.{sample.Name};")
            .AppendLine($"internal {(isInstance ? "" : "static ")}partial class Body{(isInstance ? $" : {sample.Context.Base}" : "")}")
            .AppendLine("{");
        Place(text, sample, types);
        text.AppendLine("#line default").AppendLine(sample.Context.Members);
        if (statements.Length == 0 && sample.File.Length > 0)
        {
            // This file has only types. The statements of the program are in another file.
            return text.AppendLine("}").ToString();
        }

        string parameters = sample.IsProgram ? "string[] args" : sample.Context.Parameters;
        string result = sample.IsProgram ? ProgramResult : "Task";
        text.AppendLine($"public {(isInstance ? "" : "static ")}async {result} SampleAsync({parameters})").AppendLine("{");
        Place(text, sample, statements);
        text.AppendLine("#line default");
        if (!sample.IsProgram)
        {
            text.AppendLine("await global::Samples.Surroundings.ServedAsync();");
        }
        else if (!statements.Any(static statement => statement.Statement is ReturnStatementSyntax))
        {
            text.AppendLine("return 0;");
        }

        return text.AppendLine("}").AppendLine("}").ToString();
    }

    // Appends pieces of the sample. A #line directive before each piece gives its line in the document.
    private static void Place(StringBuilder text, DocumentSample sample, IReadOnlyCollection<SyntaxNode> pieces)
    {
        foreach (SyntaxNode piece in pieces)
        {
            int line = sample.Line + piece.GetLocation().GetLineSpan().StartLinePosition.Line;
            text.AppendLine($"#line {line} \"{sample.Document}\"").AppendLine(piece.ToString());
        }

        if (pieces.Count > 0)
        {
            text.AppendLine("#line default");
        }
    }
}

using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Testing;

namespace Zcrx.Rx.Analyzers.Tests.Support;

/// <summary>Provides the references of snippets: the runtime of this process, System.Reactive and the libraries under test.</summary>
internal static class References
{
    private static readonly string[] Prefixes = ["System.", "Microsoft.Win32.", "netstandard.", "mscorlib.", "Zcrx.Interop.dll", "Zcrx.Rx.dll"];

    /// <summary>Gets reference assemblies that contain nothing. The test framework then downloads none.</summary>
    public static ReferenceAssemblies None { get; } = new("net10.0");

    /// <summary>Gets the assemblies that each snippet references.</summary>
    public static ImmutableArray<MetadataReference> Used { get; } =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(static file => Array.Exists(Prefixes, prefix => Path.GetFileName(file).StartsWith(prefix, StringComparison.Ordinal)))
            .Select(static file => (MetadataReference)MetadataReference.CreateFromFile(file)),
    ];
}

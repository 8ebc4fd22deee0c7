using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Testing;

namespace Zcrx.Rx.Analyzers.Tests.Support;

/// <summary>Gets the references of snippets: the runtime of this process, System.Reactive and the real libraries.</summary>
internal static class References
{
    private static readonly string[] Prefixes = ["System.", "Microsoft.Win32.", "netstandard.", "mscorlib.", "Zcrx.Interop.dll", "Zcrx.Rx.dll"];

    /// <summary>Gets reference assemblies that contain nothing, so that nothing is fetched.</summary>
    public static ReferenceAssemblies None { get; } = new("net10.0");

    /// <summary>Gets the references.</summary>
    public static ImmutableArray<MetadataReference> Used { get; } =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(static file => Array.Exists(Prefixes, prefix => Path.GetFileName(file).StartsWith(prefix, StringComparison.Ordinal)))
            .Select(static file => (MetadataReference)MetadataReference.CreateFromFile(file)),
    ];

    /// <summary>Gets the source of frames that can be retained, unless the library has them.</summary>
    public static string? FrameStub { get; } = typeof(ZcrxQueue).Assembly.GetType("Zcrx.Rx.ReceivedFrame") is not null ? null : """
        using System;
        using System.Buffers;
        using System.Reactive.Concurrency;
        namespace Zcrx.Rx
        {
            public readonly struct ReceivedFrame
            {
                public ReadOnlySequence<byte> Sequence => default;
                public FrameLease Retain() => new FrameLease();
            }

            public sealed class FrameLease : IDisposable
            {
                public ReadOnlySequence<byte> Sequence => default;
                public FrameLease Move() => this;
                public void Dispose() { }
            }

            public static class ReceivedFrameExtensions
            {
                public static IObservable<FrameLease> Retained(this IObservable<ReceivedFrame> source) => null;
                public static IObservable<FrameLease> Offload(this IObservable<ReceivedFrame> source, IScheduler scheduler) => null;
            }
        }
        """;
}

using Ingest.Demo;

namespace Ingest.Display;

/// <summary>Shows the demo while it runs.</summary>
internal interface IDemoDisplay
{
    /// <summary>Shows snapshots until there are no more.</summary>
    Task ShowAsync(IAsyncEnumerable<DemoSnapshot> snapshots);
}

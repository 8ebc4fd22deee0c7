using System.Diagnostics.CodeAnalysis;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Runs tests over real sockets one after another, because they share two cores and count descriptors.</summary>
[CollectionDefinition(Name)]
[SuppressMessage("Naming", "CA1711", Justification = "xUnit's word.")]
public sealed class SocketsCollection
{
    public const string Name = "sockets";
}

using System.Diagnostics.CodeAnalysis;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Tests over real sockets, one after the other: they share two cores and count descriptors.</summary>
[CollectionDefinition(Name)]
[SuppressMessage("Naming", "CA1711", Justification = "xUnit's word.")]
public sealed class SocketsCollection
{
    public const string Name = "sockets";
}

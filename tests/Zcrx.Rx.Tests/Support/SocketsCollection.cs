using System.Diagnostics.CodeAnalysis;

namespace Zcrx.Rx.Tests.Support;

/// <summary>Contains the tests over real sockets. They run one after another, because they count descriptors and share two cores.</summary>
[CollectionDefinition(Name)]
[SuppressMessage("Naming", "CA1711", Justification = "xUnit's word.")]
public sealed class SocketsCollection
{
    public const string Name = "sockets";
}

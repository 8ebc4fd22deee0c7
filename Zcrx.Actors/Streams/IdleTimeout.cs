using Akka.IO;
using Akka.Streams.Dsl;

namespace Zcrx.Actors.Streams;

/// <summary>Fails flows that are idle in both directions.</summary>
internal static class IdleTimeout
{
    /// <summary>Adds a timeout to the flow of a connection.</summary>
    /// <param name="flow">The flow of the connection.</param>
    /// <param name="timeout">The time after which an idle flow fails; null for no limit.</param>
    public static Flow<ByteString, T, TMat> Join<T, TMat>(Flow<ByteString, T, TMat> flow, TimeSpan? timeout) => timeout is { } time
        ? BidiFlow.BidirectionalIdleTimeout<ByteString, T>(time).JoinMat(flow, Keep.Right)
        : flow;
}

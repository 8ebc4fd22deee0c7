// Declares the variables and methods that fragments use without declaring them. A declaration in the fragment or in its hidden comment
// takes precedence.
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;

namespace Samples;

internal static class Ambient
{
    public static ZcrxConnection connection => Surroundings.Current.Connection;
    public static ZcrxQueue queue => Surroundings.Current.Queue;
    public static ZcrxQueueOptions options => Surroundings.Options;
    public static HostApplicationBuilder builder => Surroundings.Current.Builder;
    public static CancellationToken token => Surroundings.Current.Stopping;
    public static ILogger logger => NullLogger.Instance;

    public static Channel<BufferLease> leases { get; } = Channel.CreateUnbounded<BufferLease>();
    public static ConnectionLog log { get; } = new();

    public static void Consume(ReadOnlySpan<byte> bytes) => _ = bytes.Length;

    public static void Consume(ReadOnlySequence<byte> bytes) => _ = bytes.Length;

    /// <summary>Represents an index of the application. Its methods copy the bytes before they return.</summary>
    public static ByteIndex index { get; } = new();
}

internal sealed class ByteIndex
{
    public void Add(ReadOnlySpan<byte> bytes) => _ = bytes.Length;

    public void Add(ReadOnlySequence<byte> bytes) => _ = bytes.Length;
}

internal sealed class ConnectionLog
{
    public void Broken(ZcrxConnection connection, Exception error) => _ = (connection, error);

    public void Complete(ZcrxConnection connection) => _ = connection;
}

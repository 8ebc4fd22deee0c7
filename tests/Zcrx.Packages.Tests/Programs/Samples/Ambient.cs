// Declares the variables and methods that fragments use without a declaration. A variable that the fragment or its hidden comment declares
// takes precedence.
using System.Threading.Channels;
using Zcrx.Interop;

namespace Samples;

internal static class Ambient
{
    public static ZcrxConnection connection = null!;
    public static ZcrxQueue queue = null!;
    public static ZcrxQueueOptions options = null!;
    public static HostApplicationBuilder builder = null!;
    public static CancellationToken token;
    public static ILogger logger = null!;

    public static Channel<BufferLease> leases = null!;
    public static ConnectionLog log = null!;

    public static void Consume(ReadOnlySpan<byte> bytes) => _ = bytes.Length;

    public static void Consume(ReadOnlySequence<byte> bytes) => _ = bytes.Length;

    /// <summary>Represents an index of the application that copies bytes before its methods return.</summary>
    public static ByteIndex index = null!;
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

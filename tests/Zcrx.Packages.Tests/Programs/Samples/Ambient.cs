// What fragments take for granted. A variable of the fragment, or one that its hidden comment declares, hides the one here.
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

    /// <summary>An index that copies before it returns.</summary>
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

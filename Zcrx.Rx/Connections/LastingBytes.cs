using System.Buffers;
using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Connections;

/// <summary>Keeps the bytes of a waiting send valid.</summary>
internal static class LastingBytes
{
    /// <summary>
    /// Returns bytes that stay valid while a send waits. Borrowed bytes are copied, because their buffer is reused after OnNext. Other
    /// bytes are returned unchanged.
    /// </summary>
    public static ReadOnlySequence<byte> Of(in ReadOnlySequence<byte> bytes)
    {
        foreach (ReadOnlyMemory<byte> piece in bytes)
        {
            if (AreaMemory.IsBorrowed(piece))
            {
                return new ReadOnlySequence<byte>(bytes.ToArray());
            }
        }

        return bytes;
    }
}

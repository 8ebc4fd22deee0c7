using Zcrx.Interop;
using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Operators;

/// <summary>Finds the connection of a borrowed item.</summary>
internal static class ItemConnection
{
    /// <summary>Returns the connection that a buffer or frame came from. Any thread.</summary>
    public static ZcrxConnection Of(IBufferSource source) => source is ConnectionHolder holder
        ? ZcrxConnection.Of(holder.Connection)
        : throw new InvalidOperationException("The item came from no connection. Take buffers and frames from a ZcrxConnection.");
}

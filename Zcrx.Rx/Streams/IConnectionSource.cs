using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Streams;

/// <summary>
/// Represents a stream whose connection is known before the first item. An operator can therefore register its work when it subscribes.
/// </summary>
internal interface IConnectionSource
{
    /// <summary>Gets the holder through which operators reach the connection; null when the connection is not known.</summary>
    BufferHolder? Holder { get; }
}

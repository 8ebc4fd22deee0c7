namespace Zcrx.Interop.Leases;

/// <summary>Finds the holders of borrowed buffers.</summary>
internal interface IHolderTable
{
    /// <summary>Returns the holder with a tag; null when there is none. Any thread.</summary>
    BufferHolder? Find(ulong tag);
}

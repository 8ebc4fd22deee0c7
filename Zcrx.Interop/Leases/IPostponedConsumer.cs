namespace Zcrx.Interop.Leases;

/// <summary>
/// Represents a consumer whose source was paused in the middle of a buffer. The consumer has leased the rest of the buffer, to deliver it
/// later. Ring thread only.
/// </summary>
internal interface IPostponedConsumer
{
    /// <summary>Gets a value indicating whether the consumer has ended and accepts nothing more.</summary>
    bool HasEnded { get; }

    /// <summary>Gets the number of bytes in leased buffers that were not delivered yet.</summary>
    long BytesWaiting { get; }

    /// <summary>Returns a copy of the waiting bytes.</summary>
    byte[] CopyWaiting();

    /// <summary>Delivers the waiting bytes, until all are delivered or the source is paused again.</summary>
    /// <returns>Whether bytes still wait.</returns>
    bool Continue();

    /// <summary>Ends the consumer with an error if its source has ended. Otherwise does nothing.</summary>
    void Abandon(Exception error);
}

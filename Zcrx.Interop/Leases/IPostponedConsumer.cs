namespace Zcrx.Interop.Leases;

/// <summary>
/// Represents a consumer that leases the rest of a buffer because its source was paused while the consumer processed the buffer. Ring
/// thread only.
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

    /// <summary>Ends the consumer with an error. Has no effect unless its source has ended before.</summary>
    void Abandon(Exception error);
}

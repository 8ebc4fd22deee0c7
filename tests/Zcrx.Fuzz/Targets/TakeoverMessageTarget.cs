using Zcrx.Interop.Abi;
using Zcrx.Rx.Takeover;

namespace Zcrx.Fuzz.Targets;

/// <summary>
/// Decodes headers and payloads of takeover messages. A decoded value must be the same after it was encoded and decoded again.
/// </summary>
internal sealed class TakeoverMessageTarget : IFuzzTarget
{
    private const byte Header = 0;
    private const byte Hello = 1;
    private const byte Offer = 2;

    public TakeoverMessageTarget()
    {
        byte[] header = new byte[TakeoverHeader.Size];
        new TakeoverHeader(TakeoverHeader.CurrentVersion, TakeoverMessageType.Offer, 100, 3).Write(header);
        QueueManifest queue = new("eth0/3", "eth0", 3, 4096, false, 1024, new io_uring_zcrx_offsets { head = 0, tail = 64, rqes = 128 }, 32768, 65536, [1 << 20, 1 << 21]);
        Seeds =
        [
            [Header, .. header],
            [Hello, .. new TakeoverHello(TakeoverHello.Queues).Encode()],
            [Offer, .. new TakeoverOffer(["ingest", "[::]:9000"], []).Encode()],
            [Offer, .. new TakeoverOffer(["ingest"], [queue, queue with { Interface = "", StatisticsOffset = -1 }]).Encode()],
            [3, .. TakeoverPayload.Write(static writer => writer.Write("the limit on open files is reached"))],
        ];
    }

    public string Name => "takeover-messages";

    public IReadOnlyList<byte[]> Seeds { get; }

    public long AllocationLimit => 256 << 10;

    public void Run(byte[] input)
    {
        byte[] payload = input.Length == 0 ? [] : input[1..];
        try
        {
            Decode(input.Length == 0 ? Header : input[0], payload);
        }
        catch (InvalidDataException)
        {
            // This exception is documented for invalid bytes.
        }
    }

    private static void Decode(byte kind, byte[] payload)
    {
        switch (kind % 4)
        {
            case Header:
                byte[] bytes = new byte[TakeoverHeader.Size];
                payload.AsSpan(0, int.Min(payload.Length, bytes.Length)).CopyTo(bytes);
                TakeoverHeader header = TakeoverHeader.Read(bytes);
                FuzzException.Require(header.Length is >= 0 and <= TakeoverHeader.MaxLength, "a header has a bounded length");
                byte[] again = new byte[TakeoverHeader.Size];
                header.Write(again);
                FuzzException.Require(bytes.AsSpan().SequenceEqual(again), "a header is written byte for byte as it was read");
                break;
            case Hello:
                FuzzException.Require(TakeoverHello.Decode(payload).Encode().AsSpan().SequenceEqual(payload), "a greeting is written byte for byte as it was read");
                break;
            case Offer:
                TakeoverOffer offer = TakeoverOffer.Decode(payload);
                byte[] encoded = offer.Encode();
                FuzzException.Require(encoded.AsSpan().SequenceEqual(TakeoverOffer.Decode(encoded).Encode()), "an offer is written byte for byte as it was read");
                FuzzException.Require(offer.Queues.All(IsInside), "a queue lies in its memory");
                break;
            default:
                string text = TakeoverPayload.Read(payload, TakeoverPayload.ReadText);
                FuzzException.Require(!text.Any(char.IsControl), "a text fits into a line of a log");
                break;
        }
    }

    /// <summary>
    /// Determines whether all the memory that the library would access belongs to the memory that the other process shares.
    /// </summary>
    private static unsafe bool IsInside(QueueManifest queue)
    {
        bool Lies(long offset, long length) => offset >= 0 && offset + length <= queue.RegionLength;
        return Lies(queue.Offsets.head, sizeof(uint)) && Lies(queue.Offsets.tail, sizeof(uint)) && Lies(queue.Offsets.rqes, (long)queue.Entries * sizeof(io_uring_zcrx_rqe)) &&
            (queue.StatisticsOffsetOrNone is not { } statistics || Lies((long)statistics, sizeof(zcrx_stats))) && queue.BufferLength > 0 && queue.AreaLengths.All(static length => length > 0);
    }
}

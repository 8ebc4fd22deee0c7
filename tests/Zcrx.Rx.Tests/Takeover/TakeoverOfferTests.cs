using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Takeover;

namespace Zcrx.Rx.Tests.Takeover;

public class TakeoverOfferTests
{
    private static readonly QueueManifest Queue = new(
        "eth0-3", "eth0", 3, 4096, false, 64, new io_uring_zcrx_offsets { head = 0, tail = 4, rqes = 64 }, 1088, 8192, [65536, 131072]);

    [Fact]
    public void Queues_arrive_as_they_were_described()
    {
        TakeoverOffer offer = TakeoverOffer.Decode(new TakeoverOffer(["ingest"], [Queue, Queue with { Name = "zcrx-0", Interface = "", StatisticsOffset = -1 }]).Encode());
        Assert.Equal(["ingest"], offer.Listeners);
        Assert.Equal(1 + 1 + (2 * 5), offer.Descriptors);
        Assert.Equivalent(Queue, offer.Queues[0], strict: true);
        Assert.Equal(("zcrx-0", null, null), (offer.Queues[1].Name, offer.Queues[1].InterfaceOrNone, offer.Queues[1].StatisticsOffsetOrNone));
    }

    [Fact]
    public void Offer_without_queues_has_the_original_format()
    {
        // The format of versions that did not offer queues: two bytes for the count, then the length and the name of each listener.
        byte[] payload = [1, 0, 6, .. "ingest"u8];
        Assert.Equal(payload, new TakeoverOffer(["ingest"], []).Encode());
        Assert.Empty(TakeoverOffer.Decode(payload).Queues);
    }

    public static TheoryData<string> Faults => ["entries", "many entries", "buffer", "head", "tail", "rqes", "statistics", "region", "no area", "area", "large area", "text"];

    [Theory, MemberData(nameof(Faults))]
    public void Offer_with_an_invalid_queue_description_is_refused(string fault)
    {
        QueueManifest damaged = fault switch
        {
            "entries" => Queue with { Entries = 63 },
            "many entries" => Queue with { Entries = 65536 },
            "buffer" => Queue with { BufferLength = 0 },
            "head" => Queue with { Offsets = Queue.Offsets with { head = 8192 } },
            "tail" => Queue with { Offsets = Queue.Offsets with { tail = 2 } },
            "rqes" => Queue with { Offsets = Queue.Offsets with { rqes = 8192 - 512 } },
            "statistics" => Queue with { StatisticsOffset = 8184 },
            "region" => Queue with { RegionLength = -1 },
            "no area" => Queue with { AreaLengths = [] },
            "area" => Queue with { AreaLengths = [65536, 1000] },
            "large area" => Queue with { AreaLengths = [long.MaxValue / 4096 * 4096] },
            _ => Queue with { Name = "a\nb" },
        };
        byte[] payload = new TakeoverOffer([], [damaged]).Encode();
        Assert.Throws<InvalidDataException>(() => TakeoverOffer.Decode(payload));
    }

    [Fact]
    public void Changed_offer_is_read_or_refused()
    {
        byte[] payload = new TakeoverOffer(["ingest"], [Queue]).Encode();
        Prop.ForAll(ArbMap.Default.GeneratorFor<byte>().Zip(Gen.Choose(0, payload.Length - 1)).ListOf(4).ToArbitrary(), changes =>
        {
            byte[] damaged = [.. payload];
            foreach ((byte value, int at) in changes)
            {
                damaged[at] = value;
            }

            try
            {
                _ = TakeoverOffer.Decode(damaged);
            }
            catch (InvalidDataException)
            {
                // An invalid message may only cause this exception.
            }
        }).QuickCheckThrowOnFailure();
    }
}

using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Nic;

/// <summary>Payload goes from the wire into the area, and nobody copies it.</summary>
public class NicReceiveTests : IClassFixture<LeakCheck>
{
    [SkippableFact]
    public void Payload_arrives_without_a_copy()
    {
        using var nic = new NicQueue(NicUnderTest.Open(ZcrxFeature.Statistics));
        TcpPair[] connections = [.. Enumerable.Range(0, 8).Select(_ => nic.Connect())];
        long? before = nic.Nic.ZeroCopyFragments();
        long completions = 0;
        // Four times the area over all connections: every buffer comes round more than once.
        Assert.Equal(8 * 524_288, Transfer.Run(nic.Queue, connections, 524_288, data => completions += data));
        Assert.Equal(0ul, nic.Queue.CopyCount);
        if (before is not null)
        {
            // What was sent twice was written twice, and delivered once.
            long written = nic.Nic.ZeroCopyFragments()!.Value - before.Value;
            Assert.InRange(written, completions, completions + connections.Sum(connection => (long)Posix.Retransmits(connection.Client)));
        }
    }
}

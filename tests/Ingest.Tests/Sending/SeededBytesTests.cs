using Ingest.Sending;

namespace Ingest.Tests.Sending;

/// <summary>Tests that the sent bytes depend only on the seed, the connection and the position.</summary>
public class SeededBytesTests
{
    [Fact]
    public void Reads_of_any_size_return_the_same_stream()
    {
        using SeededBytes source = new(seed: 5, connection: 3, length: 1001);
        byte[] whole = Read(source, 0, 1001);
        Random random = new(1);
        for (int i = 0; i < 2000; i++)
        {
            int offset = random.Next(1001);
            int length = random.Next(1001 - offset);
            Assert.Equal(whole[offset..(offset + length)], Read(source, offset, length));
        }
    }

    [Fact]
    public void Each_seed_and_connection_has_its_own_bytes()
    {
        HashSet<string> streams = [];
        foreach (int seed in Enumerable.Range(0, 20))
        {
            foreach (int connection in Enumerable.Range(0, 20))
            {
                using SeededBytes source = new(seed, connection, 32);
                Assert.True(streams.Add(Convert.ToHexString(Read(source, 0, 32))));
            }
        }
    }

    [Fact]
    public void Length_of_seeded_bytes_bounds_reads()
    {
        using SeededBytes source = new(1, 1, 10);

        Assert.Equal(3, source.Read(7, new byte[100]));
        Assert.Equal(0, source.Read(10, new byte[100]));
    }

    private static byte[] Read(SeededBytes source, int offset, int length)
    {
        byte[] bytes = new byte[length];
        Assert.Equal(length, source.Read(offset, bytes));
        return bytes;
    }
}

using FsCheck;
using FsCheck.Fluent;
using Zcrx.Benchmarks.Messages;

namespace Zcrx.Benchmarks.Tests;

/// <summary>Tests the protocol with which the benchmark exchanges small messages.</summary>
public class ExchangeTests
{
    [Fact]
    public void Answer_to_a_stream_in_any_pieces_is_the_head_of_each_complete_request() =>
        Prop.ForAll(Gen.Choose(0, 400).ListOf().ToArbitrary(), Gen.Choose(0, int.MaxValue).ToArbitrary(), static (lengths, seed) =>
        {
            byte[] stream = new byte[lengths.Sum()];
            new Random(seed).NextBytes(stream);
            Exchange exchange = new();
            List<byte> replies = [];
            int position = 0;
            foreach (int length in lengths)
            {
                byte[] room = new byte[Exchange.LengthOfReplies(length)];
                replies.AddRange(room[..exchange.Answer(stream.AsSpan(position, length), room)]);
                position += length;
            }

            IEnumerable<byte> expected = Enumerable.Range(0, stream.Length / Exchange.RequestLength)
                .SelectMany(request => stream.Skip(request * Exchange.RequestLength).Take(Exchange.ReplyLength));
            Assert.Equal(expected, replies);
        }).QuickCheckThrowOnFailure();
}

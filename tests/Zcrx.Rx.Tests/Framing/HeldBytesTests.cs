using System.Buffers;
using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Framing;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>Tests how the bytes of an incomplete frame are leased, copied, counted and released.</summary>
public sealed class HeldBytesTests : IDisposable
{
    private const int SmallestCopy = 256;
    private const int LargestGrowth = 1 << 20;

    private readonly InMemoryArea _area = new(8, 512, checkBorrows: false);

    public void Dispose() => _area.Dispose();

    [Fact]
    public void Buffers_are_leased_up_to_the_limit_and_copied_beyond_it()
    {
        HeldBytes held = new(maxBuffers: 2);
        Assert.True(held.IsEmpty);
        Receive(held, 1, 100);
        Receive(held, 2, 100);
        Assert.Equal((2, 2, 200L), (held.Buffers, _area.Ledger.Leased, held.Length));
        Assert.False(held.IsEmpty);

        // At most two buffers may be leased. With the third one, all bytes are copied into one array.
        Receive(held, 3, 100);
        Assert.Equal((0, 0, 300L), (held.Buffers, _area.Ledger.Leased, held.Length));
        Assert.Equal([.. Bytes(1, 100), .. Bytes(2, 100), .. Bytes(3, 100)], held.Sequence.ToArray());
        Assert.True(held.Sequence.IsSingleSegment);
        held.Release();
        Assert.Equal((0L, true), (held.Length, held.IsEmpty));
        _area.AssertAllReturned();
    }

    [Fact]
    public void Buffers_are_copied_under_pressure()
    {
        HeldBytes held = new(maxBuffers: 2);
        _area.Ledger.IsUnderPressure = true;
        Receive(held, 1, 10);
        Assert.Equal((0, 0), (held.Buffers, _area.Ledger.Leased));
        _area.Ledger.IsUnderPressure = false;
        Receive(held, 2, 10);
        Assert.Equal((1, 1), (held.Buffers, _area.Ledger.Leased));
        Assert.Equal([.. Bytes(1, 10), .. Bytes(2, 10)], held.Sequence.ToArray());
        held.Release();
        Assert.Equal(0, held.Buffers);
    }

    [Fact]
    public void Consumed_buffers_are_released_at_once()
    {
        HeldBytes held = new(maxBuffers: 3);
        Receive(held, 1, 100);
        Receive(held, 2, 100);
        Receive(held, 3, 100);
        held.Consume(99);
        Assert.Equal((201L, 3), (held.Length, _area.Ledger.Leased));
        held.Consume(1);
        Assert.Equal((200L, 2, 2), (held.Length, _area.Ledger.Leased, held.Buffers));
        held.Consume(150);
        Assert.Equal([.. Bytes(3, 100).Skip(50)], held.Sequence.ToArray());
        Assert.Equal(1, _area.Ledger.Leased);
        held.Consume(50);
        Assert.Equal((true, 0, 0), (held.IsEmpty, _area.Ledger.Leased, held.Buffers));

        Receive(held, 4, 20);
        Receive(held, 5, 20);
        Assert.Equal([.. Bytes(4, 20), .. Bytes(5, 20)], held.Sequence.ToArray());
        held.Release();
    }

    [Fact]
    public void Copy_omits_consumed_bytes_and_keeps_earlier_copies()
    {
        HeldBytes held = new(maxBuffers: 4);
        held.Lend(Bytes(1, 300));
        held.Consume(120);
        held.Copy();
        Assert.Equal([.. Bytes(1, 300).Skip(120)], held.Sequence.ToArray());
        held.Consume(30);
        Receive(held, 2, 40);
        Receive(held, 3, 500);
        held.Copy();
        held.Copy();
        byte[] expected = [.. Bytes(1, 300).Skip(150), .. Bytes(2, 40), .. Bytes(3, 500)];
        Assert.Equal(expected, held.Sequence.ToArray());
        Assert.Equal((expected.Length, 0), (held.Length, held.Buffers));
        held.Consume(expected.Length - 10);
        Assert.Equal(expected[^10..], held.Sequence.ToArray());
        held.Release();
        _area.AssertAllReturned();
    }

    [Theory]
    [InlineData(1, SmallestCopy)]
    [InlineData(SmallestCopy, SmallestCopy)]
    [InlineData(1000, 1024)]
    public void First_copy_has_the_size_of_the_bytes_and_at_least_the_smallest_one(int length, int charged)
    {
        HeldBytes held = new(maxBuffers: 0);
        Budget budget = new();
        held.SetBudget(budget);
        Copied(held, length);
        Assert.Equal(charged, budget.Used);
        held.Release();
        Assert.Equal(0, budget.Used);
    }

    [Fact]
    public void Further_copies_fill_the_last_array_and_then_double_its_size_up_to_the_largest_growth()
    {
        HeldBytes held = new(maxBuffers: 0);
        Budget budget = new();
        held.SetBudget(budget);
        List<byte> expected = [];
        Copy(SmallestCopy - 1, SmallestCopy);
        Copy(1, SmallestCopy);
        Copy(1, 3 * SmallestCopy);
        Copy((2 * SmallestCopy) - 1, 3 * SmallestCopy);
        // The bytes beyond the current array are fewer than twice its size, so the next array has twice its size.
        Copy(100, 7 * SmallestCopy);
        Copy((4 * SmallestCopy) - 100 + 50, 15 * SmallestCopy);
        Assert.Equal(expected, held.Sequence.ToArray());
        held.Release();

        expected.Clear();
        Copy(LargestGrowth, LargestGrowth);
        Copy(1, 2 * LargestGrowth);
        held.Release();
        Assert.Equal(0, budget.Used);

        void Copy(int length, int charged)
        {
            expected.AddRange(Bytes(expected.Count, length));
            held.Lend(Bytes(expected.Count - length, length));
            held.Copy();
            Assert.Equal((charged, expected.Count), (budget.Used, held.Length));
        }
    }

    [Fact]
    public void Copy_has_the_size_of_the_bytes_without_consumed_ones_and_those_that_fit_into_the_last_array()
    {
        HeldBytes held = new(maxBuffers: 1);
        Budget budget = new();
        held.SetBudget(budget);
        held.Lend(Bytes(1, 2000));
        held.Consume(1000);
        held.Copy();
        Assert.Equal(1024, budget.Used);
        held.Release();

        // The first array has room for 56 of the next 1,000 bytes. The others need a second array.
        Copied(held, 200);
        Receive(held, 2, 500);
        Receive(held, 3, 500);
        Assert.Equal(SmallestCopy + 1024, budget.Used);
        Assert.Equal([.. Bytes(0, 200), .. Bytes(2, 500), .. Bytes(3, 500)], held.Sequence.ToArray());
        held.Release();
    }

    [Fact]
    public void Bounded_copy_is_refused_without_room_for_the_uncopied_bytes()
    {
        HeldBytes held = new(maxBuffers: 2);
        Budget budget = new();
        held.SetBudget(budget);
        // All bytes are copied already, so the call needs no room in the budget.
        Copied(held, 50);
        budget.Room = -1;
        Assert.True(held.TryCopy(isBounded: true));
        Receive(held, 1, 30);
        Receive(held, 2, 30);
        held.Lend(Bytes(3, 40));

        budget.Room = 99;
        Assert.False(held.TryCopy(isBounded: true));
        Assert.Equal((2, 2), (held.Buffers, _area.Ledger.Leased));
        budget.Room = 100;
        Assert.True(held.TryCopy(isBounded: true));
        Assert.Equal((0, 0), (held.Buffers, _area.Ledger.Leased));

        Receive(held, 4, 30);
        budget.Room = 0;
        Assert.False(held.TryCopy(isBounded: true));
        Assert.True(held.TryCopy(isBounded: false));
        Assert.Equal([.. Bytes(0, 50), .. Bytes(1, 30), .. Bytes(2, 30), .. Bytes(3, 40), .. Bytes(4, 30)], held.Sequence.ToArray());
        held.Release();
        Assert.Equal(0, budget.Used);
    }

    [Fact]
    public void Copy_without_a_budget_is_never_refused()
    {
        HeldBytes held = new(maxBuffers: 0);
        held.Lend(Bytes(1, 40));
        Assert.True(held.TryCopy(isBounded: true));
        held.Release();
    }

    [Fact]
    public void Copied_bytes_move_to_the_next_budget()
    {
        HeldBytes held = new(maxBuffers: 0);
        Budget first = new();
        Budget second = new();
        held.SetBudget(first);
        Copied(held, 10);
        held.SetBudget(second);
        Assert.Equal((0, SmallestCopy), (first.Used, second.Used));
        held.SetBudget(null);
        Assert.Equal(0, second.Used);
        held.Release();
        held.SetBudget(second);
        Assert.Equal(0, second.Used);
    }

    [Fact]
    public void Lent_buffer_alone_is_left_without_a_copy()
    {
        HeldBytes held = new(maxBuffers: 1);
        held.Lend(Bytes(1, 40));
        held.Consume(10);
        Assert.True(held.TryLeaveLent(out int length));
        Assert.Equal((30, true), (length, held.IsEmpty));

        Receive(held, 2, 20);
        held.Lend(Bytes(3, 40));
        Assert.False(held.TryLeaveLent(out length));
        Assert.Equal((60, 60L), (length, held.Length));
        held.Consume(20);
        Assert.True(held.TryLeaveLent(out length));
        Assert.Equal(40, length);

        // A new lent buffer must not be taken for the previous one, of which a part was left.
        held.Lend(Bytes(4, 5));
        Assert.Equal(Bytes(4, 5), held.Sequence.ToArray());
        held.Consume(5);
        held.Lend(Bytes(5, 5));
        Assert.True(held.TryLeaveLent(out length));
        Assert.Equal(5, length);
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(4, false)]
    public void Pieces_are_reused_up_to_four_more_than_buffers(int maxBuffers, bool isEnough)
    {
        const int Arrays = 8;
        byte[][] lent = [.. Enumerable.Range(0, Arrays).Select(static power => new byte[SmallestCopy << power])];
        HeldBytes held = new(maxBuffers);
        // The frame needs eight arrays of different sizes. After two runs, the array pool of this thread has one of each size.
        Fill();
        held.Release();
        Fill();
        held.Release();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Fill();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        held.Release();
        Assert.Equal(isEnough, allocated == 0);

        void Fill()
        {
            foreach (byte[] bytes in lent)
            {
                held.Lend(bytes);
                held.Copy();
            }
        }
    }

    private static void Copied(HeldBytes held, int length)
    {
        held.Lend(Bytes(0, length));
        held.Copy();
    }

    private void Receive(HeldBytes held, int seed, int length)
    {
        ReceivedBuffer buffer = _area.Begin(Bytes(seed, length), 0, out ulong offset);
        held.Lend(buffer.UncheckedMemory);
        Assert.True(held.Keep(buffer, isBounded: false));
        _area.End(offset);
    }

    private static byte[] Bytes(int seed, int length) => [.. Enumerable.Range(0, length).Select(i => (byte)((31 * seed) + i))];

    private sealed class Budget : IByteBudget
    {
        public long Limit => 0;

        public long Room { get; set; } = long.MaxValue;

        public long Used { get; private set; }

        public bool HasRoom(long bytes) => bytes <= Room;

        public bool TryAdd(long bytes) => throw new NotSupportedException("Held bytes are added after the copy.");

        public void Add(long change) => Used += change;
    }
}

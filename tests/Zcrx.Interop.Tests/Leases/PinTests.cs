using System.Buffers;
using System.Runtime.InteropServices;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Interop.Tests.Leases;

/// <summary>Tests that a pin keeps its buffer leased, even if the lease is released or moved before the pin ends.</summary>
public sealed unsafe class PinTests : IDisposable
{
    private readonly InMemoryArea _area = new(4, 16);

    public void Dispose() => _area.Dispose();

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(0)]
    public void Pin_of_a_released_lease_keeps_the_bytes_until_it_ends(int keepLimit)
    {
        _area.Ledger.LeaseLimit = keepLimit;
        BufferLease lease = Retain(7);
        MemoryHandle pin = lease.Memory.Pin();

        lease.Dispose();

        Assert.Equal(1, _area.Holder.Leased);
        OverwriteFreeBuffers();
        Assert.Equal(7, *(long*)pin.Pointer);
        Assert.Throws<ObjectDisposedException>(() => lease.Memory);
        Assert.Throws<ObjectDisposedException>(() => lease.Span.Length);
        pin.Dispose();
        _area.AssertAllReturned();
    }

    [Fact]
    public void Memory_of_a_released_lease_is_readable_while_it_is_pinned()
    {
        BufferLease lease = Retain(7);
        ReadOnlyMemory<byte> memory = lease.Memory;
        MemoryHandle pin = memory.Pin();
        lease.Dispose();

        OverwriteFreeBuffers();
        Assert.Equal(7, BitConverter.ToInt64(memory.Span));
        MemoryHandle second = memory.Pin();
        pin.Dispose();
        Assert.Equal(7, BitConverter.ToInt64(memory.Span));
        second.Dispose();

        Assert.Throws<ObjectDisposedException>(() => memory.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => memory.Pin());
        _area.AssertAllReturned();
    }

    [Fact]
    public void Memory_of_a_moved_lease_cannot_be_pinned_although_the_buffer_is_still_leased()
    {
        BufferLease first = Retain(7);
        ReadOnlyMemory<byte> memory = first.Memory;
        using BufferLease second = first.Move();

        Assert.Throws<ObjectDisposedException>(() => memory.Pin());
        Assert.Equal(7, BitConverter.ToInt64(second.Memory.Span));
    }

    [Fact]
    public void Pin_that_is_ended_twice_by_copies_of_its_handle_ends_once()
    {
        BufferLease lease = Retain(7);
        MemoryHandle first = lease.Memory.Pin();
        MemoryHandle copy = first;
        MemoryHandle second = lease.Memory.Pin();
        lease.Dispose();

        first.Dispose();
        copy.Dispose();

        OverwriteFreeBuffers();
        Assert.Equal(7, *(long*)second.Pointer);
        second.Dispose();
        _area.AssertAllReturned();
    }

    [Fact]
    public void Memory_manager_that_is_unpinned_or_disposed_directly_keeps_the_buffer()
    {
        using BufferLease lease = Retain(7);
        Assert.True(MemoryMarshal.TryGetMemoryManager(lease.Memory, out MemoryManager<byte>? manager));

        manager.Unpin();
        ((IDisposable)manager).Dispose();

        OverwriteFreeBuffers();
        Assert.Equal(7, BitConverter.ToInt64(lease.Memory.Span));
    }

    [Fact]
    public void Pin_at_an_index_points_to_it()
    {
        using BufferLease lease = Retain(0x0102);
        using MemoryHandle pin = lease.Memory[1..].Pin();

        Assert.Equal(1, *(byte*)pin.Pointer);
    }

    [Fact]
    public void Pin_outside_of_the_buffer_throws_and_leases_nothing()
    {
        BufferLease lease = Retain(7);
        Assert.True(MemoryMarshal.TryGetMemoryManager(lease.Memory, out MemoryManager<byte>? manager));
        Assert.Throws<ArgumentOutOfRangeException>(() => manager.Pin(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => manager.Pin(lease.Length + 1));
        manager.Pin(lease.Length).Dispose();
        lease.Dispose();
        _area.AssertAllReturned();
    }

    [Fact]
    public void Memory_that_several_threads_take_first_is_one_object()
    {
        for (int round = 0; round < 200; round++)
        {
            using BufferLease lease = Retain(round);
            ReadOnlyMemory<byte>[] memories = new ReadOnlyMemory<byte>[2];
            Parallel.For(0, 2, i => memories[i] = lease.Memory);

            using MemoryHandle pin = memories[0].Pin();
            lease.Dispose();
            Assert.Equal(round, BitConverter.ToInt64(memories[1].Span));
        }
    }

    private void OverwriteFreeBuffers()
    {
        _area.Ledger.Drain();
        for (int i = _area.Free; i > 0; i--)
        {
            _area.Begin(BitConverter.GetBytes(-1L), 0, out ulong offset);
            _area.End(offset);
        }
    }

    private BufferLease Retain(long value)
    {
        ReceivedBuffer buffer = _area.Begin(BitConverter.GetBytes(value), value, out ulong offset);
        BufferLease lease = buffer.Retain();
        _area.End(offset);
        return lease;
    }
}

using System.Buffers;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Interop.Tests.Leases;

/// <summary>Performs generated operations on leases and on a model, which only counts the references to each buffer.</summary>
/// <remarks>
/// All operations run on the ring thread, so a failure is reproducible. Ended leases and pins stay in the lists, so that operations also
/// use them.
/// </remarks>
internal sealed unsafe class LeaseModel : IDisposable
{
    private const int Buffers = 6;

    private readonly InMemoryArea _area = new(Buffers, 16);
    private readonly List<ModelLease> _leases = [];
    private readonly List<ModelPin> _pins = [];
    private readonly List<ModelBuffer> _buffers = [];

    /// <summary>Performs an operation on one of the leases or pins.</summary>
    /// <param name="operation">The operation to perform.</param>
    /// <param name="pick">A number that selects the lease or the pin.</param>
    public void Perform(LeaseOperation operation, int pick)
    {
        if (operation == LeaseOperation.KernelReturn || _leases.Count == 0)
        {
            Receive(pick);
        }
        else if (operation == LeaseOperation.Unpin)
        {
            EndPin(pick);
        }
        else
        {
            Use(operation, _leases[pick % _leases.Count]);
        }

        Assert.Equal(_buffers.Count(static buffer => buffer.References > 0), _area.Holder.Leased);
        Assert.Equal(_buffers.Count(static buffer => buffer.References > 0 && !buffer.IsCopy), _area.Ledger.Leased);
    }

    /// <summary>Ends all leases and pins. Asserts that all buffers have returned.</summary>
    public void Dispose()
    {
        _leases.ForEach(static lease => lease.Lease.Dispose());
        _pins.ForEach(static pin => pin.Handle.Dispose());
        _area.AssertAllReturned();
        _area.Dispose();
    }

    private void Receive(int pick)
    {
        if (_area.Free == 0)
        {
            return;
        }

        bool isCopy = pick % 3 == 0;
        _area.Ledger.LeaseLimit = isCopy ? 0 : int.MaxValue;
        ModelBuffer buffer = new(_buffers.Count, isCopy);
        _buffers.Add(buffer);
        ReceivedBuffer received = _area.Begin(BitConverter.GetBytes(buffer.Content), buffer.Content, out ulong offset);
        Add(buffer, received.Retain());
        _area.End(offset);
    }

    private void EndPin(int pick)
    {
        if (_pins.Count == 0)
        {
            return;
        }

        ModelPin pin = _pins[pick % _pins.Count];
        if (pin.Lasts)
        {
            Assert.Equal(pin.Lease.Buffer.Content, *(long*)pin.Handle.Pointer);
            pin.Lasts = false;
            pin.Lease.Pins--;
            pin.Lease.Buffer.References--;
        }

        // Disposes a copy of the struct. All copies are the same pin, so a second disposal must do nothing.
        MemoryHandle copy = pin.Handle;
        copy.Dispose();
    }

    private void Use(LeaseOperation operation, ModelLease lease)
    {
        switch (operation)
        {
            case LeaseOperation.Dispose:
                lease.Buffer.References -= lease.IsHeld ? 1 : 0;
                lease.IsHeld = false;
                lease.Lease.Dispose();
                break;
            case LeaseOperation.Span:
                Check(lease.IsHeld, () => Assert.Equal(lease.Buffer.Content, BitConverter.ToInt64(lease.Lease.Span)));
                break;
            case LeaseOperation.Memory:
                Check(lease.IsHeld, () => lease.Memory = lease.Lease.Memory);
                break;
            case LeaseOperation.StaleAccess:
                // This memory was taken from the lease before. After the release of the lease, only a pin keeps it accessible.
                if (lease.Memory is { } memory)
                {
                    Check(lease.IsHeld || lease.Pins > 0, () => Assert.Equal(lease.Buffer.Content, BitConverter.ToInt64(memory.Span)));
                }

                break;
            case LeaseOperation.Retain:
                Check(lease.IsHeld, () => Add(lease.Buffer, lease.Lease.Retain()));
                break;
            case LeaseOperation.Move:
                Check(lease.IsHeld, () => Add(lease.Buffer, lease.Lease.Move()));
                lease.Buffer.References -= lease.IsHeld ? 1 : 0;
                lease.IsHeld = false;
                break;
            case LeaseOperation.Pin:
                Check(lease.IsHeld, () => AddPin(lease));
                break;
        }
    }

    private void Add(ModelBuffer buffer, BufferLease lease)
    {
        _leases.Add(new ModelLease(lease, buffer));
        buffer.References++;
    }

    private void AddPin(ModelLease lease)
    {
        _pins.Add(new ModelPin(lease, lease.Lease.Memory.Pin()));
        lease.Pins++;
        lease.Buffer.References++;
    }

    private static void Check(bool isAllowed, Action use)
    {
        if (isAllowed)
        {
            use();
        }
        else
        {
            Assert.Throws<ObjectDisposedException>(use);
        }
    }

    private sealed class ModelBuffer(long content, bool isCopy)
    {
        public long Content { get; } = content;

        public bool IsCopy { get; } = isCopy;

        public int References { get; set; }
    }

    private sealed class ModelLease(BufferLease lease, ModelBuffer buffer)
    {
        public BufferLease Lease { get; } = lease;

        public ModelBuffer Buffer { get; } = buffer;

        public bool IsHeld { get; set; } = true;

        public int Pins { get; set; }

        public ReadOnlyMemory<byte>? Memory { get; set; }
    }

    private sealed class ModelPin(ModelLease lease, MemoryHandle handle)
    {
        public ModelLease Lease { get; } = lease;

        public MemoryHandle Handle { get; } = handle;

        public bool Lasts { get; set; } = true;
    }
}

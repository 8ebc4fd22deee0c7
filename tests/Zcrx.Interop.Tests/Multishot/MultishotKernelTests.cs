using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Tests.Multishot;

/// <summary>
/// Tests where <see cref="MultishotKernel"/>, which uses the machine's io_uring, differs from the emulated kernel. The conformance suite
/// tests what they have in common.
/// </summary>
public class MultishotKernelTests
{
    private const int Buffers = 4096;

    [Fact]
    public void Kernel_with_emulated_interfaces_is_refused()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { Name = "enic0" });

        Assert.Throws<ArgumentOutOfRangeException>(() => new MultishotKernel(new EmulatedKernelOptions { Nics = [nic] }));
    }

    [SkippableFact]
    public void Small_messages_use_a_small_part_of_the_area_again_and_again()
    {
        using ReceivingConnection connection = ReceivingConnection.Open(Buffers);
        HashSet<ulong> used = [];
        for (int i = 0; i < 2 * Buffers; i++)
        {
            connection.Peer.Send([(byte)i]);
            Completion completion = connection.Take();
            Assert.Equal(1, completion.Result);
            used.Add(completion.BufferOffset);
            connection.Return(completion.BufferOffset);
        }

        Assert.InRange(used.Count, 1, Buffers / 2);
    }

    [SkippableFact]
    public void Connections_need_no_descriptors_of_the_kernel()
    {
        using ReceivingConnection connection = ReceivingConnection.Open(64);
        connection.Peer.Send([1]);
        Assert.Equal(1, connection.Take().Result);

        // The emulated kernel would have a duplicate of this descriptor. Here, only the duplicate of the test is left.
        connection.CloseDescriptor();
        Assert.Equal(1, connection.CountDescriptors());
    }

    [SkippableFact]
    public void Receive_of_a_closed_descriptor_ends_when_the_pool_is_exhausted()
    {
        using ReceivingConnection connection = ReceivingConnection.Open(4);
        connection.CloseDescriptor();
        // Five pages exhaust the pool of four buffers. The kernel must not use the closed descriptor again, because another file may have
        // got its number.
        connection.Peer.Send(new byte[5 * Environment.SystemPageSize]);

        int received = 0;
        Completion completion = connection.Take();
        for (; completion.HasMore; completion = connection.Take())
        {
            received++;
        }

        Assert.Equal(4, received);
        Assert.Equal(-Errno.EBADF, completion.Result);
    }
}

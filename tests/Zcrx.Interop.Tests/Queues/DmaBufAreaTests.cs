namespace Zcrx.Interop.Tests.Queues;

/// <summary>Tests that no kernel gets a dma-buf area larger than 4 GiB: the library refuses it before any system call.</summary>
public class DmaBufAreaTests
{
    private const uint Page = 4096;

    [Fact]
    public void An_area_above_4_GiB_is_refused_with_the_reason()
    {
        ZcrxConfigurationException refused = Assert.Throws<ZcrxConfigurationException>(() => Register(DmaBufArea.MaxLength + Page));
        ZcrxConfigurationError error = Assert.Single(refused.Errors);
        Assert.Equal("DmaBuf:Length", error.Path);
        Assert.StartsWith("must be at most 4294967296 bytes (4 GiB), but is 4294971392: kernels before 7.3.3", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Area_of_4_GiB_is_not_refused_before_its_descriptor_is_used() => Assert.Throws<ZcrxMemoryException>(() => Register(DmaBufArea.MaxLength));

    private static void Register(nuint length)
    {
        EmulatedNic nic = new();
        EmulatedKernel kernel = new(new EmulatedKernelOptions { Nics = [nic] });
        using IoRing ring = IoRing.Create(kernel, new IoRingOptions());
        // The descriptor is invalid. If the library tried to map it, the error would be a different one.
        InterfaceQueueOptions options = new() { Interface = nic.Name, DmaBuf = new DmaBufArea(-1, length) };
        InterfaceQueue.Register(ring, options, ZcrxCapabilities.Query(kernel)).Dispose();
    }
}

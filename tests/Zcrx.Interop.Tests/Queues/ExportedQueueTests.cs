using Zcrx.Interop.Memory;
using Zcrx.Interop.Tests.Kernel;

namespace Zcrx.Interop.Tests.Queues;

public sealed class ExportedQueueTests : IDisposable
{
    private const int Descriptor = 77;

    private readonly ScriptedKernel _kernel = new() { Description = "a test" };
    private readonly QueueMemory _memory = new(MemoryRegion.Allocate(1, hugePages: false, "a test"), default, 1, Environment.SystemPageSize, null);
    private readonly ExportedQueue _export;

    public ExportedQueueTests() => _export = new ExportedQueue(_kernel, Descriptor, _memory);

    [Fact]
    public void Descriptor_stays_open_until_the_last_reference_is_disposed()
    {
        ExportedQueue.Reference reference = _export.AddReference();

        _export.Dispose();
        Assert.Empty(_kernel.Closed);
        Assert.Equal(Descriptor, _export.Fd);
        reference.Dispose();

        Assert.Equal([Descriptor], _kernel.Closed);
        Assert.Throws<ObjectDisposedException>(() => _export.Fd);
    }

    [Fact]
    public void Reference_that_is_disposed_twice_counts_once()
    {
        ExportedQueue.Reference first = _export.AddReference();
        using ExportedQueue.Reference second = _export.AddReference();
        _export.Dispose();

        first.Dispose();
        first.Dispose();

        Assert.Empty(_kernel.Closed);
    }

    [Fact]
    public void Disposed_export_gives_no_reference()
    {
        using ExportedQueue.Reference reference = _export.AddReference();
        _export.Dispose();

        Assert.Throws<ObjectDisposedException>(_export.AddReference);
    }

    public void Dispose()
    {
        _export.Dispose();
        _memory.Release();
    }
}

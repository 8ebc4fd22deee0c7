using Zcrx.Interop;

namespace Zcrx.Conformance.Support;

/// <summary>Owns a descriptor of the kernel under test, and closes it once.</summary>
internal sealed class Descriptor(IIoUringKernel kernel, int fd) : IDisposable
{
    private bool _closed;

    public int Fd => fd;

    public void Dispose()
    {
        if (!_closed)
        {
            _closed = true;
            Results.Equal(0, kernel.Close(fd));
        }
    }
}

using Zcrx.Interop.Emulation;
using Zcrx.Interop.HostRings;

namespace Zcrx.Interop.Multishot;

/// <summary>Holds the provided buffers of one ring, by the zcrx id of their queue.</summary>
/// <remarks>
/// A filled buffer counts as provided until its completion is translated. The caller must therefore translate all completions in the host
/// ring before buffers are taken back. While more completions wait in the kernel, no buffer is provided or taken back.
/// </remarks>
/// <param name="ring">The host ring.</param>
/// <param name="completions">The completions of the caller's ring.</param>
internal sealed class ReceiveBuffers(HostRing ring, EmulatedCompletions completions) : IDisposable
{
    private readonly Dictionary<uint, ProvidedBuffers> _buffers = [];

    /// <summary>Finds the provided buffers of a queue. The first call for a queue registers a ring of buffers.</summary>
    /// <returns>Zero or a negative errno.</returns>
    public int Find(uint id, EmulatedInterfaceQueue queue, out ProvidedBuffers? buffers)
    {
        if (_buffers.TryGetValue(id, out buffers))
        {
            return 0;
        }

        buffers = new ProvidedBuffers(queue, (ushort)id, completions);
        int result = buffers.Register(ring);
        if (result < 0)
        {
            buffers.Dispose();
            return result;
        }

        _buffers.Add(id, buffers);
        return 0;
    }

    /// <summary>Provides buffers for the next call into the kernel. Does nothing while completions wait in the kernel.</summary>
    public void Balance()
    {
        if (ring.IsOverflown)
        {
            return;
        }

        foreach (ProvidedBuffers buffers in _buffers.Values)
        {
            lock (buffers.Queue.Gate)
            {
                buffers.Balance();
            }
        }
    }

    /// <summary>Takes all provided buffers back into the free lists. Does nothing while completions wait in the kernel.</summary>
    public void TakeBack()
    {
        if (ring.IsOverflown)
        {
            return;
        }

        foreach (ProvidedBuffers buffers in _buffers.Values)
        {
            lock (buffers.Queue.Gate)
            {
                buffers.TakeBack();
            }
        }
    }

    /// <summary>Frees the rings of buffers. Called after the host ring was closed.</summary>
    public void Dispose()
    {
        foreach (ProvidedBuffers buffers in _buffers.Values)
        {
            buffers.Dispose();
        }
    }
}

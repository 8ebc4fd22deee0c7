namespace Zcrx.Interop.Leases;

/// <summary>Ends an operator's work on the buffers of one holder when it is disposed. Any thread.</summary>
internal sealed class HolderWork : IDisposable
{
    private BufferHolder? _holder;

    public HolderWork(BufferHolder holder)
    {
        _holder = holder;
        holder.BeginWork();
    }

    public void Dispose() => Interlocked.Exchange(ref _holder, null)?.EndWork();
}

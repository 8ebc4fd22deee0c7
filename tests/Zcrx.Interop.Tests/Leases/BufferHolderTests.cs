using Zcrx.Interop.Leases;

namespace Zcrx.Interop.Tests.Leases;

public sealed class BufferHolderTests
{
    [Fact]
    public async Task Source_without_a_connection_is_never_paused_and_schedules_work_on_the_thread_pool()
    {
        BufferHolder holder = new();
        Assert.False(holder.IsPaused);
        TaskCompletionSource<bool> ran = new(TaskCreationOptions.RunContinuationsAsynchronously);
        holder.Schedule(() => ran.SetResult(Thread.CurrentThread.IsThreadPoolThread));
        Assert.True(await ran.Task.WaitAsync(TimeSpan.FromSeconds(60)));
    }
}

using Zcrx.Interop;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Limits;

/// <summary>Tests how many descriptors the socket of one connection needs. The test counts all descriptors of the same file.</summary>
public class DescriptorsPerConnectionTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connection_has_one_descriptor_on_the_emulated_engine(bool isObserved)
    {
        await using ZcrxQueue queue = await ZcrxQueue.OpenAsync(TestQueue.Options() with { UnobservedTimeout = TimeSpan.FromMinutes(10) }).Within("the queue opens");
        TaskCompletionSource<ZcrxConnection> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ZcrxListener listener = queue.Listen("127.0.0.1:0", async (connection, _) =>
        {
            accepted.TrySetResult(connection);
            await connection.Closed;
        });
        using Peer peer = await Peer.ConnectAsync(listener.EndPoint, 1, null);
        ZcrxConnection connection = await accepted.Task.Within("the connection is accepted");
        using IDisposable? subscription = isObserved ? connection.Buffers.Subscribe(static _ => { }) : null;
        // Without an observer there is no receive. A poll then detects the end of the connection.
        await Deadline.UntilAsync(() => isObserved ? connection.ReceiveState == ReceiveState.Armed : connection.Receiver.IsHangUpWatched, "the request is armed");

        Assert.Equal(1, CountDescriptors(connection));
        connection.Pause();
        await Deadline.UntilAsync(() => connection.Receiver.IsHangUpWatched, "the paused connection is watched");
        connection.Resume();
        if (isObserved)
        {
            await Deadline.UntilAsync(() => connection.ReceiveState == ReceiveState.Armed, "the receive is armed beside the poll");
        }

        Assert.Equal(1, CountDescriptors(connection));
    }

    private static int CountDescriptors(ZcrxConnection connection)
    {
        string own = LinkOf($"/proc/self/fd/{connection.Receiver.Socket.Descriptor}");
        return Directory.GetFileSystemEntries("/proc/self/fd").Count(path => LinkOf(path) == own);
    }

    private static string LinkOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget ?? "";
        }
        catch (IOException)
        {
            return "";
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Zcrx.Interop;
using Zcrx.Rx.Takeover;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Takeover;

/// <summary>Tests takeovers inside one process. The listener passes to the successor, and a third process cannot interfere.</summary>
[Collection(SocketsCollection.Name)]
public class TakeoverTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public async Task The_first_process_has_no_predecessor_and_removes_its_socket_at_the_end()
    {
        await using MeetingPlace place = new();
        await using (ZcrxTakeover takeover = await place.OpenAsync())
        {
            Assert.Null(takeover.PredecessorId);
            Assert.Null(takeover.TakeListener("ingest", new IPEndPoint(IPAddress.Loopback, 0)));
            await takeover.CommitAsync();
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(place.Path).UnixFileMode);
        }

        Assert.Equal([place.Path + ".lock"], Directory.GetFileSystemEntries(place.DirectoryPath));
    }

    [Fact]
    public async Task Listener_moves_from_process_to_process_without_refusing_a_connection()
    {
        await using MeetingPlace place = new();
        (ZcrxTakeover takeover, MeetingPlace.Source source) = await place.ServeAsync();
        IPEndPoint endPoint = source.EndPoint;
        for (int i = 0; i < 3; i++)
        {
            // This client waits in the backlog while the listener is taken over.
            using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(endPoint).Within("the client is not refused");

            ZcrxTakeover next = await place.OpenAsync();
            Assert.Equal(Environment.ProcessId, next.PredecessorId);
            Assert.Equal([endPoint], next.ListenerEndPoints);
            Socket listener = next.TakeListener("ingest", new IPEndPoint(IPAddress.Loopback, 0))!;
            Assert.Null(next.TakeListener("ingest", new IPEndPoint(IPAddress.Loopback, 0)));
            Assert.Equal(0, source.Releases);
            await next.CommitAsync().Within("the predecessor releases its listener");
            Assert.Equal(1, source.Releases);
            Assert.Equal(Environment.ProcessId, await takeover.TakenOver.Within("the predecessor knows its successor"));
            await takeover.DisposeAsync();
            source.Dispose();

            using Socket accepted = await listener.AcceptAsync().Within("the client is accepted by the successor");
            Assert.Equal(client.LocalEndPoint, accepted.RemoteEndPoint);
            Assert.True(File.Exists(place.Path));
            source = new MeetingPlace.Source(listener);
            next.Serve(source);
            takeover = next;
        }

        await takeover.DisposeAsync();
        source.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => takeover.TakenOver);
        Assert.False(File.Exists(place.Path));
    }

    [Theory]
    [InlineData("ingest", "127.0.0.1", true, true)]
    [InlineData("other", "127.0.0.1", true, true)]
    [InlineData("ingest", "127.0.0.1", false, true)]
    [InlineData("other", "127.0.0.1", false, false)]
    [InlineData("ingest", "127.0.0.2", true, false)]
    [InlineData("ingest", "0.0.0.0", true, false)]
    public async Task A_listener_is_recognised_by_its_address_and_without_a_port_by_its_name(string name, string address, bool samePort, bool expected)
    {
        await using MeetingPlace place = new();
        (ZcrxTakeover takeover, MeetingPlace.Source source) = await place.ServeAsync();
        using (source)
        {
            await using (takeover)
            {
                await using ZcrxTakeover next = await place.OpenAsync();
                using Socket? taken = next.TakeListener(name, new IPEndPoint(IPAddress.Parse(address), samePort ? source.EndPoint.Port : 0));
                Assert.Equal(expected, taken is not null);
            }
        }
    }

    [Fact]
    public async Task TakeListeners_returns_what_was_not_taken_and_leaves_it_open_after_the_commit()
    {
        await using MeetingPlace place = new();
        (ZcrxTakeover takeover, MeetingPlace.Source source) = await place.ServeAsync();
        await using (takeover)
        {
            await using ZcrxTakeover next = await place.OpenAsync();
            (string name, Socket socket) = Assert.Single(next.TakeListeners());
            using (socket)
            {
                Assert.Empty(next.TakeListeners());
                Assert.Null(next.TakeListener("ingest", source.EndPoint));
                await next.CommitAsync();
                source.Dispose();

                Assert.Equal(("ingest", source.EndPoint), (name, (IPEndPoint)socket.LocalEndPoint!));
                using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await client.ConnectAsync(source.EndPoint).Within("the port is still open");
            }
        }
    }

    [Fact]
    public async Task Successor_that_ends_before_the_commit_changes_nothing()
    {
        await using MeetingPlace place = new();
        (ZcrxTakeover takeover, MeetingPlace.Source source) = await place.ServeAsync();
        await using (takeover)
        {
            using (source)
            {
                for (int i = 0; i < 3; i++)
                {
                    ZcrxTakeover next = await place.OpenAsync();
                    using Socket? taken = i == 1 ? next.TakeListener("ingest", source.EndPoint) : null;
                    await next.DisposeAsync();
                    await Deadline.UntilAsync(() => source.Failures.Count == i + 1, "the predecessor notices");
                }

                Assert.All(source.Failures, static failure => Assert.Contains("ended before it was ready", failure.Message, StringComparison.Ordinal));
                Assert.Equal(0, source.Releases);
                Assert.False(takeover.TakenOver.IsCompleted);
                using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await client.ConnectAsync(source.EndPoint).Within("the port is still open");
                Assert.True(File.Exists(place.Path));
            }
        }
    }

    [Fact]
    public async Task Predecessor_whose_timeout_passed_keeps_serving_and_refuses_the_commit()
    {
        await using MeetingPlace place = new();
        (ZcrxTakeover takeover, MeetingPlace.Source source) = await place.ServeAsync(place.Options with { Timeout = TimeSpan.FromMilliseconds(50) });
        await using (takeover)
        {
            using (source)
            {
                // On a busy machine, the time limit may pass before the offer is read. The message is then the same.
                ZcrxException refused = await Assert.ThrowsAsync<ZcrxException>(async () =>
                {
                    await using ZcrxTakeover next = await place.OpenAsync();
                    await Deadline.UntilAsync(() => source.Failures.Count == 1, "the predecessor has waited long enough");
                    await next.CommitAsync();
                });
                Assert.Contains("the takeover took too long", refused.Message, StringComparison.Ordinal);
                Assert.Equal(0, source.Releases);
            }
        }
    }

    [Fact]
    public async Task Takeover_is_final_after_the_commit_even_if_releasing_fails()
    {
        await using MeetingPlace place = new();
        await using ZcrxTakeover takeover = await place.OpenAsync();
        using MeetingPlace.Source source = new(ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0))) { ReleaseFails = new InvalidOperationException("on purpose") };
        takeover.Serve(source);
        await using ZcrxTakeover next = await place.OpenAsync();
        using Socket? listener = next.TakeListener("ingest", source.EndPoint);
        await next.CommitAsync().Within("the successor commits");
        Assert.Equal(Environment.ProcessId, await takeover.TakenOver.Within("the predecessor knows"));
        await Deadline.UntilAsync(() => source.Failures.Count == 1, "the failure is reported");
    }

    [Fact]
    public async Task Two_successors_take_over_one_after_the_other()
    {
        await using MeetingPlace place = new();
        (ZcrxTakeover takeover, MeetingPlace.Source source) = await place.ServeAsync();
        await using (takeover)
        {
            using (source)
            {
                await using ZcrxTakeover second = await place.OpenAsync();
                Task<ZcrxTakeover> opening = place.OpenAsync();
                await second.CommitAsync();
                using MeetingPlace.Source sourceOfSecond = new(second.TakeListener("ingest", source.EndPoint) ?? ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0)));
                second.Serve(sourceOfSecond);
                await using ZcrxTakeover third = await opening;
                Assert.NotNull(third.PredecessorId);
                await third.CommitAsync();
                Assert.Equal((1, 1), (source.Releases, sourceOfSecond.Releases));
            }
        }
    }

    [Fact]
    public async Task A_dead_process_leaves_a_socket_that_the_next_one_replaces()
    {
        await using MeetingPlace place = new();
        using (Socket dead = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(place.Path + ".dead"));
            File.Move(place.Path + ".dead", place.Path);
        }

        Assert.True(File.Exists(place.Path));
        await using ZcrxTakeover takeover = await place.OpenAsync();
        Assert.Null(takeover.PredecessorId);
        using Socket client = await place.ConnectAsync();
    }

    [Fact]
    public async Task Socket_of_another_process_at_the_path_is_not_removed_at_the_end()
    {
        await using MeetingPlace place = new();
        ZcrxTakeover takeover = await place.OpenAsync();
        File.Delete(place.Path);
        await using (ZcrxTakeover other = await place.OpenAsync())
        {
            await takeover.DisposeAsync();
            Assert.True(File.Exists(place.Path));
        }
    }

    [Theory]
    [InlineData("file", "the path exists and is not a socket")]
    [InlineData("directory", "the path exists and is not a socket")]
    [InlineData("link", "the path exists and is not a socket")]
    public async Task File_that_is_not_a_socket_is_left_unchanged(string kind, string expected)
    {
        await using MeetingPlace place = new();
        switch (kind)
        {
            case "file":
                await File.WriteAllTextAsync(place.Path, "precious");
                break;
            case "directory":
                Directory.CreateDirectory(place.Path);
                break;
            default:
                File.CreateSymbolicLink(place.Path, place.Path + ".elsewhere");
                break;
        }

        ZcrxException exception = await Assert.ThrowsAsync<ZcrxException>(() => place.OpenAsync());
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.Equal([place.Path, place.Path + ".lock"], Directory.GetFileSystemEntries(place.DirectoryPath).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Other_user_that_locks_the_directory_does_not_delay_the_start()
    {
        await using MeetingPlace place = new();
        using Process stranger = Process.Start(new ProcessStartInfo("flock", [place.DirectoryPath, "sh", "-c", "echo locked; read end"]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("locked", await stranger.StandardOutput.ReadLineAsync().Within("the directory is locked"));
        await using (ZcrxTakeover takeover = await place.OpenAsync(place.Options with { Timeout = TimeSpan.FromSeconds(20) }))
        {
            Assert.Null(takeover.PredecessorId);
        }

        await stranger.StandardInput.WriteLineAsync();
        await stranger.WaitForExitAsync().Within("the stranger ends");
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task A_directory_that_others_may_write_is_refused()
    {
        await using MeetingPlace place = new();
        File.SetUnixFileMode(place.DirectoryPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherWrite);
        ZcrxNotPermittedException exception = await Assert.ThrowsAsync<ZcrxNotPermittedException>(() => place.OpenAsync());
        Assert.Contains("other users may write", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Directory_that_does_not_exist_is_named_in_the_error()
    {
        await using MeetingPlace place = new();
        ZcrxException exception = await Assert.ThrowsAsync<ZcrxException>(() => place.OpenAsync(place.Options with { Path = place.Path + "/below/socket" }));
        Assert.Contains("does not exist", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "must be an absolute path")]
    [InlineData("relative", "must be an absolute path")]
    [InlineData("/run/", "must be an absolute path")]
    [InlineData("/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890", "must not be longer than 90 bytes")]
    public async Task Invalid_path_and_timeout_are_refused_together(string path, string expected)
    {
        ZcrxConfigurationException exception = await Assert.ThrowsAsync<ZcrxConfigurationException>(() => ZcrxTakeover.OpenAsync(new ZcrxTakeoverOptions { Path = path, Timeout = TimeSpan.Zero }));
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.Contains("Timeout: must be above zero", exception.Message, StringComparison.Ordinal);
    }
}

using System.Net;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop;
using Zcrx.Rx.Takeover;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Takeover;

/// <summary>
/// Tests peers that disconnect, send invalid messages, use another version or send the wrong descriptors. The error must be clear, and
/// nothing may be left behind.
/// </summary>
[Collection(SocketsCollection.Name)]
public class HostilePeerTests : IClassFixture<ResourceCheck>
{
    private const int Conversations = 150;

    private static readonly byte[] Hello = MeetingPlace.Frame(TakeoverMessageType.Hello, new TakeoverHello(0).Encode());
    private static readonly byte[] Offer = MeetingPlace.Frame(TakeoverMessageType.Offer, new TakeoverOffer(["ingest"], []).Encode(), descriptors: 2);

    /// <summary>Generates damage for a valid message: a cut, changed bytes, additional bytes or additional descriptors.</summary>
    private static Gen<Damage> Damages =>
        from cut in Gen.Frequency((1, Gen.Constant(0)), (2, Gen.Choose(1, 40)))
        from changes in Gen.ListOf(Gen.Choose(0, 60).SelectMany(static _ => Gen.Choose(0, 255), static (at, value) => (at, (byte)value)))
        from extra in Gen.Frequency((3, Gen.Constant(0)), (1, Gen.Choose(1, 2000)))
        from descriptors in Gen.Choose(0, 5)
        select new Damage(cut, [.. changes], extra, descriptors);

    [Fact]
    public void Process_keeps_serving_whatever_a_client_sends() => Prop
        .ForAll(Damages.ToArbitrary(), static damage => AttackServerAsync(damage))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(Conversations));

    [Fact]
    public void Client_names_the_error_whatever_a_server_sends() => Prop
        .ForAll(Damages.ToArbitrary(), static damage => AttackClientAsync(damage))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(Conversations));

    [Theory]
    [InlineData((ushort)0)]
    [InlineData((ushort)2)]
    public async Task Another_protocol_version_is_refused_with_an_error_on_both_sides(ushort version)
    {
        await using MeetingPlace place = new();
        (ZcrxTakeover takeover, MeetingPlace.Source source) = await place.ServeAsync();
        await using (takeover)
        {
            using (source)
            {
                using Socket socket = await place.ConnectAsync();
                using TakeoverLink link = new(socket);
                MeetingPlace.Send(socket, MeetingPlace.Frame(TakeoverMessageType.Hello, [], version: version));
                InvalidDataException refused = await Assert.ThrowsAsync<InvalidDataException>(() => link.ReceiveAsync(CancellationToken.None).Within("an answer"));
                Assert.Equal($"the other process refuses: the other process uses version {version} of the protocol, this one version 1", refused.Message);
                await Deadline.UntilAsync(() => source.Failures.Count == 1, "the process notices");
                Assert.Contains($"uses version {version}", source.Failures.First().Message, StringComparison.Ordinal);
                // The server must still accept the next peer.
                await using ZcrxTakeover next = await place.OpenAsync();
                await next.CommitAsync().Within("the commit ends");
                Assert.Equal(1, source.Releases);
            }
        }
    }

    [Fact]
    public async Task Wishes_of_a_newer_program_that_are_unknown_are_ignored()
    {
        await using MeetingPlace place = new();
        (ZcrxTakeover takeover, MeetingPlace.Source source) = await place.ServeAsync();
        await using (takeover)
        {
            using (source)
            {
                using Socket socket = await place.ConnectAsync();
                using TakeoverLink link = new(socket);
                MeetingPlace.Send(socket, MeetingPlace.Frame(TakeoverMessageType.Hello, new TakeoverHello(uint.MaxValue).Encode()));

                using TakeoverMessage? offer = await link.ReceiveAsync(CancellationToken.None).Within("an answer");

                Assert.Equal(TakeoverMessageType.Offer, offer?.Type);
                Assert.Equal(["ingest"], TakeoverOffer.Decode(offer!.Payload).Listeners);
            }
        }
    }

    [Fact]
    public async Task Silent_server_ends_the_takeover_after_the_timeout()
    {
        await using MeetingPlace place = new();
        using Socket server = Listen(place.Path);
        ZcrxException exception = await Assert.ThrowsAsync<ZcrxException>(() => place.OpenAsync(place.Options with { Timeout = TimeSpan.FromMilliseconds(50) }));
        Assert.Contains("took longer than", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unconnected socket")]
    [InlineData("connected socket")]
    [InlineData("pipe")]
    public async Task Descriptors_that_are_not_listeners_are_refused(string kind)
    {
        await using MeetingPlace place = new();
        using Socket server = Listen(place.Path);
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using Socket foreign = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (kind == "connected socket")
        {
            await foreign.ConnectAsync(listener.LocalEndPoint!);
        }

        using FileStream file = File.OpenRead("/dev/null");
        Task<ZcrxTakeover> opening = place.OpenAsync();
        using Socket accepted = await server.AcceptAsync().Within("the client connects");
        MeetingPlace.Send(accepted, Offer, Fd(server), kind == "pipe" ? (int)file.SafeFileHandle.DangerousGetHandle() : Fd(foreign));
        ZcrxException exception = await Assert.ThrowsAsync<ZcrxException>(() => opening);
        Assert.Contains("not the announced listening socket", exception.Message, StringComparison.Ordinal);
    }

    private static async Task AttackServerAsync(Damage damage)
    {
        await using MeetingPlace place = new();
        (ZcrxTakeover takeover, MeetingPlace.Source source) = await place.ServeAsync();
        await using (takeover)
        {
            using (source)
            {
                using (Socket socket = await place.ConnectAsync())
                {
                    damage.Send(socket, Hello);
                }

                // The server must still accept the next peer.
                await using ZcrxTakeover next = await place.OpenAsync();
                using Socket? taken = next.TakeListener("ingest", source.EndPoint);
                Assert.NotNull(taken);
                await next.CommitAsync().Within("the commit ends");
                Assert.Equal(1, source.Releases);
                Assert.Single(source.Failures);
            }
        }
    }

    private static async Task AttackClientAsync(Damage damage)
    {
        await using MeetingPlace place = new();
        Socket server = Listen(place.Path);
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Task<ZcrxTakeover> opening = place.OpenAsync(place.Options with { Timeout = TimeSpan.FromSeconds(5) });
        using (server)
        {
            using Socket accepted = await server.AcceptAsync().Within("the client connects");
            damage.Send(accepted, Offer, Fd(server), Fd(listener));
        }

        try
        {
            // Some damage leaves the message valid, such as another letter in a name.
            await using ZcrxTakeover opened = await opening;
        }
        catch (ZcrxException exception)
        {
            Assert.StartsWith("Taking over at ", exception.Message, StringComparison.Ordinal);
            Assert.NotEmpty(exception.Cause);
        }
    }

    private static Socket Listen(string path)
    {
        Socket server = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        server.Bind(new UnixDomainSocketEndPoint(path));
        server.Listen();
        return server;
    }

    private static int Fd(Socket socket) => (int)socket.SafeHandle.DangerousGetHandle();

    private sealed record Damage(int Cut, (int At, byte Value)[] Changes, int Extra, int Descriptors)
    {
        public void Send(Socket socket, byte[] message, params ReadOnlySpan<int> descriptors)
        {
            byte[] bytes = [.. message, .. new byte[Extra]];
            foreach ((int at, byte value) in Changes)
            {
                bytes[at % bytes.Length] = value;
            }

            using FileStream file = File.OpenRead("/dev/null");
            int[] all = [.. descriptors, .. Enumerable.Repeat((int)file.SafeFileHandle.DangerousGetHandle(), Descriptors)];
            MeetingPlace.Send(socket, bytes.AsSpan(0, Cut == 0 ? bytes.Length : int.Min(Cut, bytes.Length)), all);
        }
    }
}

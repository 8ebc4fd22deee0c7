using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Recipes.Tests.Support;

namespace Recipes.Tests;

public class AkkaIngestTests
{
    private const int Clients = 200;

    [Fact]
    public async Task Every_frame_is_acknowledged_once_with_its_position()
    {
        await using RecipeHost host = await StartAsync();
        byte[] frames = [.. Enumerable.Range(0, 1000).SelectMany(static i => Frame(Reading("a", i)))];

        byte[] answers = await Client.ConverseAsync(host.EndPoints[0], frames);

        Assert.Equal(Positions(frames), Answers(answers).Order());
        Assert.All(Answers(answers), static answer => Assert.Equal('+', answer.Mark));
        Assert.Equal(999 * 1000 / 2, host.Services.GetRequiredService<AkkaIngest.Readings>()["a"]);
        Assert.Empty(host.Problems);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("[1]")]
    [InlineData("{\"device\":\"a\"}")]
    [InlineData("{\"device\":1,\"value\":\"x\"}")]
    [InlineData("{\"device\":\"a\",\"value\":1} trailing")]
    public async Task Frame_that_is_not_a_reading_is_refused_and_the_next_one_is_stored(string garbage)
    {
        await using RecipeHost host = await StartAsync();
        byte[] frames = [.. Frame(garbage), .. Frame(Reading("a", 2))];

        (char Mark, long Position)[] answers = [.. Answers(await Client.ConverseAsync(host.EndPoints[0], frames)).OrderBy(static answer => answer.Position)];

        Assert.Equal([('-', 4), ('+', 4 + garbage.Length + 4)], answers);
        Assert.Equal(2, host.Services.GetRequiredService<AkkaIngest.Readings>()["a"]);
    }

    [Fact]
    public async Task Clients_that_send_everything_and_half_close_before_they_read_get_every_answer()
    {
        await using RecipeHost host = await StartAsync();
        byte[] frames = [.. Enumerable.Range(0, 20).SelectMany(static i => Frame(Reading("b", 1)))];
        byte[][] answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Client.ConverseAsync(host.EndPoints[0], frames)));
        Assert.Equal(Clients, answers.Count(answer => Answers(answer).Order().SequenceEqual(Positions(frames))));
        Assert.Equal(Clients * 20, host.Services.GetRequiredService<AkkaIngest.Readings>()["b"]);
        await host.NoConnectionsAsync();
        Assert.Empty(host.Problems);
    }

    [Fact]
    public async Task Resets_and_frames_that_are_too_long_end_only_their_connections()
    {
        await using RecipeHost host = await StartAsync();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async i =>
        {
            using Client client = await Client.ConnectAsync(host.EndPoints[0]);
            await client.SendAsync(i % 2 == 0 ? (byte[])[.. Frame(Reading("c", 1)), .. Frame(Reading("c", 1)), 0, 0] : [0xff, 0xff, 0xff, 0xff, 1]);
            if (i % 2 == 0)
            {
                client.Reset();
            }
            else
            {
                Assert.True(await client.IsResetAsync());
            }
        }));
        await host.NoConnectionsAsync();
        Assert.Equal(9, (await Client.ConverseAsync(host.EndPoints[0], Frame(Reading("d", 1)))).Length);
        AkkaIngest.Readings readings = host.Services.GetRequiredService<AkkaIngest.Readings>();
        Assert.Equal(1, readings["d"]);
        Assert.All(readings.Keys, static device => Assert.Contains(device, (string[])["c", "d"]));
        Assert.InRange(readings.GetValueOrDefault("c"), 0, Clients);
    }

    [Fact]
    public async Task Frame_of_a_connection_that_was_reset_is_stored_by_a_worker_that_reads_it_later()
    {
        using Gate gate = new("gate");
        await using RecipeHost host = await RecipeHost.StartAsync(services =>
        {
            AkkaIngest.Add(services, RecipeHost.AnyPort, workers: 2);
            services.AddSingleton(new AkkaIngest.Readings(gate));
        });
        AkkaIngest.Readings readings = host.Services.GetRequiredService<AkkaIngest.Readings>();
        using (Client client = await Client.ConnectAsync(host.EndPoints[0]))
        {
            await client.SendAsync(Frame(Reading("gate", 1)));
            await gate.Reached.Within("a worker is blocked");
            await client.SendAsync(Frame(Reading("other", 1)));
            await Deadline.UntilAsync(() => readings.ContainsKey("other"), "the other worker has stored a reading");
            // The pool gives its workers readings in turn. One of these two waits behind the blocked worker, and the other one is stored.
            await client.SendAsync((byte[])[.. Frame(Reading("kept", 1)), .. Frame(Reading("kept", 1))]);
            await Deadline.UntilAsync(() => readings.ContainsKey("kept"), "one of two readings is stored");
            client.Reset();
        }

        await host.NoConnectionsAsync();
        Assert.Equal(1, readings["kept"]);

        gate.Open();

        await Deadline.UntilAsync(() => readings["kept"] == 2, "the blocked worker stores the other reading");
        await host.NoLeasesAsync();
        Assert.Equal(1, readings["gate"]);
    }

    private static Task<RecipeHost> StartAsync() => RecipeHost.StartAsync(static services => AkkaIngest.Add(services, RecipeHost.AnyPort, workers: 4));

    private static string Reading(string device, double value) => string.Create(CultureInfo.InvariantCulture, $"{{\"device\":\"{device}\",\"value\":{value}}}");

    private static byte[] Frame(string text)
    {
        byte[] frame = new byte[4 + text.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, text.Length);
        Encoding.ASCII.GetBytes(text, frame.AsSpan(4));
        return frame;
    }

    /// <summary>Returns the replies that a client must receive, in the order of its frames.</summary>
    private static IEnumerable<(char Mark, long Position)> Positions(byte[] frames)
    {
        for (int at = 0; at < frames.Length; at += 4 + BinaryPrimitives.ReadInt32BigEndian(frames.AsSpan(at)))
        {
            yield return ('+', at + 4);
        }
    }

    private static IEnumerable<(char Mark, long Position)> Answers(byte[] answers)
    {
        Assert.Equal(0, answers.Length % 9);
        for (int at = 0; at < answers.Length; at += 9)
        {
            yield return ((char)answers[at], BinaryPrimitives.ReadInt64BigEndian(answers.AsSpan(at + 1)));
        }
    }

    /// <summary>
    /// Compares names. Blocks the worker that stores the given name: the hash code of this name is not computed before the gate is open.
    /// </summary>
    private sealed class Gate(string blocked) : IEqualityComparer<string>, IDisposable
    {
        private readonly ManualResetEventSlim _open = new();
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void Open() => _open.Set();

        public bool Equals(string? x, string? y) => x == y;

        public int GetHashCode(string obj)
        {
            if (obj == blocked)
            {
                _reached.TrySetResult();
                _open.Wait(Deadline.Limit);
            }

            return StringComparer.Ordinal.GetHashCode(obj);
        }

        public void Dispose() => _open.Dispose();
    }
}

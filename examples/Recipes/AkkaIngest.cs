using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text.Json;
using Akka.Actor;
using Akka.Hosting;
using Akka.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Zcrx.Actors;
using Zcrx.Rx;

namespace Recipes;

/// <summary>Passes the frames of all connections to a pool of actors, and acknowledges each frame when an actor has stored it.</summary>
/// <remarks>
/// A frame is a length in four bytes and a reading in JSON: <c>{"device":"a","value":1.5}</c>. The reply has nine bytes. The first byte is
/// <c>+</c> for a stored reading or <c>-</c> for an invalid one. The others are the position of the frame in the client's stream. The order
/// of the replies may differ from the order of the frames.
/// </remarks>
internal static class AkkaIngest
{
    private const int MaxConcurrency = 64;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    public static void Add(IServiceCollection services, string listen, int workers)
    {
        services.AddSingleton<Readings>();
        services.AddZcrx();
        services.AddAkka("ingest", (akka, provider) => akka
            .ConfigureLoggers(static logging => logging.ClearLoggers().AddLoggerFactory())
            .WithActors((system, registry, resolver) => registry.Register<Worker>(
                system.ActorOf(resolver.Props<Worker>().WithRouter(new RoundRobinPool(workers)), "workers")))
            .WithZcrx(zcrx => zcrx.Listen(listen, (connection, token) => ServeAsync(provider.GetRequiredService<IRequiredActor<Worker>>(), connection, token))));
    }

    private static async Task ServeAsync(IRequiredActor<Worker> pool, ZcrxConnection connection, CancellationToken token)
    {
        IActorRef workers = await pool.GetAsync(token);
        await connection.Buffers
            .Frames(LengthPrefix.UInt32BigEndian, maxLength: 64.KiB())
            .ProcessAsync(
                async (frame, cancellation) =>
                {
                    // The worker owns the frame from here on. Ask may end before the worker has read the frame.
                    Answer answer = await workers.Ask<Answer>(new Store(frame.Move()), AnswerLimit, cancellation);
                    byte[] reply = new byte[9];
                    reply[0] = (byte)(answer.IsStored ? '+' : '-');
                    BinaryPrimitives.WriteInt64BigEndian(reply.AsSpan(1), frame.StreamOffset);
                    await connection.SendAsync(reply, cancellation);
                },
                MaxConcurrency,
                cancellationToken: token);
    }

    /// <summary>Holds the sum of the values of each device.</summary>
    public sealed class Readings(IEqualityComparer<string>? devices = null) : ConcurrentDictionary<string, double>(devices);

    private sealed record Store(FrameLease Frame);

    private sealed record Answer(bool IsStored);

    private sealed class Worker : ReceiveActor
    {
        public Worker(Readings readings) => Receive<Store>(store =>
        {
            using FrameLease frame = store.Frame;
            Sender.Tell(new Answer(TryStore(frame, readings)));
        });

        private static bool TryStore(FrameLease frame, Readings readings)
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(frame.Sequence);
                string device = document.RootElement.GetProperty("device").GetString() ?? "";
                double value = document.RootElement.GetProperty("value").GetDouble();
                readings.AddOrUpdate(device, static (_, added) => added, static (_, sum, added) => sum + added, value);
                return true;
            }
            catch (Exception exception) when (exception is (JsonException or KeyNotFoundException or InvalidOperationException or FormatException) and not ObjectDisposedException)
            {
                return false;
            }
        }
    }
}

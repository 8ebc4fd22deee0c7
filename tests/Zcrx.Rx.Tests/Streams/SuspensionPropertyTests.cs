using FsCheck.Fluent;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>
/// Tests queues that end in every way and are replaced, under traffic, faults, pauses and moves. No stream may lose or repeat a byte.
/// </summary>
[Collection(SocketsCollection.Name)]
public class SuspensionPropertyTests : IClassFixture<ResourceCheck>
{
    // These runs use real sockets and threads, so they are few. Zcrx.Simulation runs thousands of cases without them.
    private const int Runs = 4;

    [Fact]
    public async Task Streams_survive_any_sequence_of_ended_queues()
    {
        foreach (int seed in Gen.Choose(0, int.MaxValue).Sample(Runs))
        {
            try
            {
                using SuspensionRun run = new(seed);
                await run.RunAsync();
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"failed with seed {seed}", exception);
            }
        }
    }
}

namespace Zcrx.Fuzz.Tests;

/// <summary>Tests that a run detects exceptions, inputs that never end, and memory that grows without a limit.</summary>
public sealed class FuzzRunTests : IDisposable
{
    private readonly string _findings = Directory.CreateTempSubdirectory("zcrx-fuzz-findings-").FullName;

    public void Dispose() => Directory.Delete(_findings, recursive: true);

    [Fact]
    public void Exception_is_reported_with_its_input()
    {
        FuzzResult result = Run(static input =>
        {
            if (input.Contains((byte)0xff))
            {
                throw new InvalidOperationException("outside");
            }
        });

        Assert.Equal("outside", result.Failure?.Message);
        Assert.Contains((byte)0xff, result.Input!);
        Assert.Equal(result.Input, File.ReadAllBytes(Assert.Single(Directory.GetFiles(_findings))));
    }

    [Fact]
    public void Input_that_does_not_end_is_reported()
    {
        using ManualResetEventSlim end = new();
        try
        {
            FuzzResult result = Run(_ => end.Wait(), TimeSpan.FromMilliseconds(200));

            Assert.Contains("did not end", result.Failure?.Message, StringComparison.Ordinal);
            Assert.NotNull(result.Input);
        }
        finally
        {
            end.Set();
        }
    }

    [Fact]
    public void Allocation_beyond_the_limit_is_reported() =>
        Assert.Contains("allocates at most", Run(static _ => GC.KeepAlive(new byte[8 << 20])).Failure?.Message, StringComparison.Ordinal);

    [Fact]
    public void Equal_seeds_make_equal_inputs()
    {
        List<byte[]> first = [];
        List<byte[]> second = [];

        Assert.Null(Run(first.Add).Failure);
        Assert.Null(Run(second.Add).Failure);

        Assert.Equal(first, second);
        Assert.True(first.Distinct().Count() > 100);
    }

    private FuzzResult Run(Action<byte[]> run, TimeSpan? hangLimit = null) => new FuzzRun(
        new Target(run), new FuzzOptions(TimeSpan.FromMinutes(1), 1, _findings) { MaxInputs = 1_000, HangLimit = hangLimit ?? TimeSpan.FromMinutes(1) }, null).Execute();

    private sealed class Target(Action<byte[]> run) : IFuzzTarget
    {
        public string Name => "test";

        public IReadOnlyList<byte[]> Seeds { get; } = [[1, 2, 3]];

        public void Run(byte[] input) => run(input);
    }
}

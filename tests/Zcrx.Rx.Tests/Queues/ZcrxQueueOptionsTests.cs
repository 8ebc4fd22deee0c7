using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop;

namespace Zcrx.Rx.Tests.Queues;

public class ZcrxQueueOptionsTests
{
    private static readonly int Page = Environment.SystemPageSize;

    /// <summary>What makes one option wrong, and under which path it is reported.</summary>
    private static readonly (string Path, Func<ZcrxQueueOptions, ZcrxQueueOptions> Break)[] Mistakes =
    [
        ("Name", static options => options with { Name = " " }),
        ("Name", static options => options with { Name = null! }),
        ("Engine", static options => options with { Engine = (ZcrxEngine)17 }),
        ("Interface", static options => options with { Engine = ZcrxEngine.Nic, Interface = null }),
        ("Interface", static options => options with { Interface = "" }),
        ("Interface", static options => options with { Interface = "a-name-of-16-cha" }),
        ("RxQueue", static options => options with { RxQueue = -1 }),
        ("AreaSize", static options => options with { AreaSize = -1 }),
        ("AreaSize", static options => options with { AreaSize = (1L << 30) + 1 }),
        ("MaxAreaSize", static options => options with { MaxAreaSize = options.AreaSize - 1 }),
        ("BufferLength", static options => options with { BufferLength = 1000 }),
        ("BufferLength", static options => options with { BufferLength = -4096 }),
        ("BufferLength", static options => options with { BufferLength = 1 << 30 }),
        ("CompletionEntries", static options => options with { CompletionEntries = 63 }),
        ("CompletionEntries", static options => options with { CompletionEntries = 65537 }),
        ("SubmissionEntries", static options => options with { SubmissionEntries = 7 }),
        ("SubmissionEntries", static options => options with { SubmissionEntries = 40000, CompletionEntries = 65536 }),
        ("SubmissionEntries", static options => options with { SubmissionEntries = 8192, CompletionEntries = 4096 }),
        ("HighWaterMark", static options => options with { HighWaterMark = 1.01, LowWaterMark = 0.5 }),
        ("HighWaterMark", static options => options with { HighWaterMark = double.NaN }),
        ("LowWaterMark", static options => options with { LowWaterMark = 0 }),
        ("LowWaterMark", static options => options with { LowWaterMark = double.NaN }),
        ("LowWaterMark", static options => options with { HighWaterMark = 0.5, LowWaterMark = 0.5 }),
        ("ConnectionQuota", static options => options with { ConnectionQuota = -1 }),
        ("NotificationInterval", static options => options with { NotificationInterval = TimeSpan.Zero }),
        ("NotificationInterval", static options => options with { NotificationInterval = TimeSpan.MaxValue }),
        ("StatisticsInterval", static options => options with { StatisticsInterval = TimeSpan.FromTicks(1) }),
        ("StatisticsInterval", static options => options with { StatisticsInterval = TimeSpan.FromDays(60) }),
        ("Emulation", static options => options with { Emulation = null! }),
        ("Emulation:BuffersPerTurn", static options => options with { Emulation = new EmulatedKernelOptions { BuffersPerTurn = 0 } }),
        ("Emulation:BuffersPerTurn", static options => options with { Emulation = new EmulatedKernelOptions { BuffersPerTurn = 1025 } }),
        ("Emulation:Profile", static options => options with { Emulation = new EmulatedKernelOptions { Profile = null! } }),
        ("TimeProvider", static options => options with { TimeProvider = null! }),
    ];

    public static TheoryData<int> EachMistake => [.. Enumerable.Range(0, Mistakes.Length)];

    [Fact]
    public void The_defaults_are_valid() => Assert.Empty(new ZcrxQueueOptions().Validate());

    [Theory]
    [MemberData(nameof(EachMistake))]
    public void Each_mistake_is_found_alone_and_named_by_its_path(int index)
    {
        (string path, Func<ZcrxQueueOptions, ZcrxQueueOptions> mistake) = Mistakes[index];
        IReadOnlyList<ZcrxConfigurationError> errors = mistake(new ZcrxQueueOptions()).Validate("Zcrx:Queues:0");
        Assert.Contains(errors, error => error.Path == $"Zcrx:Queues:0:{path}");
        Assert.All(errors, static error => Assert.NotEmpty(error.Message));
    }

    [Fact]
    public void All_mistakes_are_found_at_once() => Prop
        .ForAll(
            // At most one mistake an option: two would overwrite each other.
            Gen.Choose(0, Mistakes.Length - 1).ListOf(8).Select(static indices => indices.DistinctBy(static index => Mistakes[index].Path.Split(':')[0]).ToArray()).ToArbitrary(),
            static indices =>
            {
                // Those that set two options at once would repair or break another one's.
                int[] simple = [.. indices.Where(static index => Mistakes[index].Path is not ("Engine" or "SubmissionEntries" or "LowWaterMark" or "MaxAreaSize"))];
                ZcrxQueueOptions options = simple.Aggregate(new ZcrxQueueOptions(), static (options, index) => Mistakes[index].Break(options));
                HashSet<string> found = [.. options.Validate().Select(static error => error.Path)];
                Assert.All(simple, index => Assert.Contains(Mistakes[index].Path, found));
            })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void The_smallest_and_the_largest_are_valid()
    {
        Assert.Empty(new ZcrxQueueOptions { AreaSize = 2L * Page, CompletionEntries = 64, SubmissionEntries = 8, HighWaterMark = 1, LowWaterMark = 0.01 }.Validate());
        Assert.Empty(new ZcrxQueueOptions { AreaSize = 1L << 30, CompletionEntries = 65536, SubmissionEntries = 32768, Interface = "fifteen-letters", Engine = ZcrxEngine.Nic }.Validate());
    }
}

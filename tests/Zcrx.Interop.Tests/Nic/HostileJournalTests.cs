using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.Json;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Nic.Journal;
using Zcrx.Interop.Processes;

namespace Zcrx.Interop.Tests.Nic;

/// <summary>Tests a journal directory with any contents. Invalid files are reported and renamed, and the process starts.</summary>
[SupportedOSPlatform("linux")]
public sealed class HostileJournalTests : IDisposable
{
    private const string Owner = """{"pid":1,"startTime":1,"boot":"b","networkNamespace":"n","pidNamespace":"p"}""";

    private readonly string _directory = Directory.CreateTempSubdirectory("zcrx-journal-").FullName;
    private readonly List<string> _said = [];

    public static TheoryData<string> InvalidContents =>
    [
        "",
        "{",
        "null",
        "[]",
        "7",
        "\0\0\0",
        "{}",
        """{"version":1}""",
        $$"""{"version":1,"owner":{{Owner}}}""",
        $$"""{"version":1,"owner":{{Owner}},"entries":null}""",
        $$"""{"version":1,"owner":{{Owner}},"entries":[null]}""",
        """{"version":1,"owner":null,"entries":[]}""",
        """{"version":1,"owner":{"pid":1,"startTime":1,"boot":null,"networkNamespace":null,"pidNamespace":null},"entries":[]}""",
        With("""{"kind":"RuleAdded","interface":"eth0","index":1}"""),
        With("""{"kind":"RuleAdded","interface":null,"index":1,"rule":{"queue":1}}"""),
        With("""{"kind":"RuleAdded","interface":"eth0","index":1,"rule":{"queue":1,"localAddress":"here"}}"""),
        With("""{"kind":"RuleAdded","interface":"eth0","index":1,"rule":{"queue":1,"localPort":70000}}"""),
        With("""{"kind":"RuleRemoved","interface":"eth0","index":1,"rule":{"queue":-1}}"""),
        With("""{"kind":"Split","interface":"eth0","index":1}"""),
        With("""{"kind":"Split","interface":"eth0","index":1,"splitBefore":{},"splitsSet":[null]}"""),
        With("""{"kind":"RssTable","interface":"eth0","index":1}"""),
        With("""{"kind":"RssTable","interface":"eth0","index":1,"tableBefore":[0],"tablesSet":[null]}"""),
        With("""{"kind":"QueueLeased","interface":"eth0","index":1,"queue":1}"""),
        With("""{"kind":"QueueLeased","interface":"eth0","index":1,"queue":1,"leasedTo":{"container":null,"interface":null}}"""),
        With("""{"kind":"Bogus","interface":"eth0","index":1}"""),
        With("""{"kind":99,"interface":"eth0","index":1}"""),
    ];

    [Theory]
    [MemberData(nameof(InvalidContents))]
    public void Invalid_journal_is_reported_and_set_aside(string contents)
    {
        string path = Path.Combine(_directory, "1-1.json");
        File.WriteAllText(path, contents);

        Open();

        Assert.StartsWith(path, Assert.Single(_said), StringComparison.Ordinal);
        Assert.False(File.Exists(path));
        Assert.Equal(contents, File.ReadAllText(path + ".invalid"));
        Open();
        Assert.Single(_said);
    }

    [Fact]
    public void Journal_of_another_version_is_reported_and_stays()
    {
        string path = Path.Combine(_directory, "1-1.json");
        File.WriteAllText(path, $$"""{"version":2,"owner":{{Owner}},"entries":[]}""");

        Open();

        Assert.Contains("version 2", Assert.Single(_said), StringComparison.Ordinal);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task Fifo_does_not_block_the_start()
    {
        string path = Path.Combine(_directory, "1-1.json");
        Run("mkfifo", path);

        await Task.Run(Open).WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Contains("not a regular file", Assert.Single(_said), StringComparison.Ordinal);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Symbolic_link_is_not_followed()
    {
        string target = Path.Combine(_directory, "elsewhere");
        File.WriteAllText(target, "{}");
        File.CreateSymbolicLink(Path.Combine(_directory, "1-1.json"), target);

        Open();

        Assert.Contains("not a regular file", Assert.Single(_said), StringComparison.Ordinal);
        Assert.Equal("{}", File.ReadAllText(target));
    }

    [Fact]
    public void File_that_is_too_large_is_set_aside_unread()
    {
        string path = Path.Combine(_directory, "1-1.json");
        using (FileStream file = new(path, FileMode.Create))
        {
            file.SetLength(1L << 40);
        }

        Open();

        Assert.Contains("more than a journal can have", Assert.Single(_said), StringComparison.Ordinal);
        File.Delete(path + ".invalid");
    }

    [Fact]
    public void Generated_corruption_of_a_valid_journal_never_fails_the_start()
    {
        JournalEntry entry = new()
        {
            Kind = JournalEntryKind.RuleAdded, Interface = "enic0", Index = 1, Rule = new JournalRule(1, 9000, null, "10.0.0.1", null, null), RuleId = 3,
        };
        byte[] valid = JsonSerializer.SerializeToUtf8Bytes(new JournalRecord(JournalRecord.CurrentVersion, new JournalOwner(1, 1, "b", "n", "p"), [entry]), JournalJson.Default.JournalRecord);
        Random random = new(20261127);
        string path = Path.Combine(_directory, "1-1.json");
        for (int i = 0; i < 2_000; i++)
        {
            byte[] corrupt = [.. valid];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                corrupt[random.Next(corrupt.Length)] = (byte)"{}[]:,\"0129nult eE.-\\\0\xff"[random.Next(22)];
            }

            File.WriteAllBytes(path, random.Next(4) == 0 ? corrupt[..random.Next(corrupt.Length)] : corrupt);
            Open();
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData(UnixFileMode.OtherWrite)]
    [InlineData(UnixFileMode.GroupWrite)]
    public void Directory_that_others_may_write_is_refused(UnixFileMode others)
    {
        File.SetUnixFileMode(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | others);

        ZcrxNotPermittedException error = Assert.Throws<ZcrxNotPermittedException>(Open);

        Assert.Contains(_directory, error.Message, StringComparison.Ordinal);
        Assert.Contains("NicStateDirectory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Directory_of_another_user_is_not_trusted()
    {
        FileStatus ours = new(0x41c0, 1000, 0, 0, 0);
        Assert.Null(TrustedDirectory.WhyNot("/d", ours, 1000, mayBeShared: false));
        Assert.Null(TrustedDirectory.WhyNot("/d", ours with { UserId = 0 }, 1000, mayBeShared: false));
        Assert.Contains("belongs to user 1001", TrustedDirectory.WhyNot("/d", ours with { UserId = 1001 }, 1000, mayBeShared: false), StringComparison.Ordinal);
        Assert.Contains("belongs to user 1001", TrustedDirectory.WhyNot("/d", ours with { UserId = 1001 }, 0, mayBeShared: false), StringComparison.Ordinal);
        Assert.Contains("not a directory", TrustedDirectory.WhyNot("/d", ours with { Mode = 0x81c0 }, 1000, mayBeShared: false), StringComparison.Ordinal);
        FileStatus temporary = ours with { UserId = 0, Mode = 0x43ff };
        Assert.Null(TrustedDirectory.WhyNot("/tmp", temporary, 1000, mayBeShared: true));
        Assert.NotNull(TrustedDirectory.WhyNot("/tmp", temporary, 1000, mayBeShared: false));
    }

    [Fact]
    public void Lock_is_held_by_one_and_its_file_is_private()
    {
        string path = Path.Combine(_directory, "lock");
        Assert.Equal(0, FileLock.TryTake(path, out FileLock? first));
        Assert.Equal(-Errno.EAGAIN, FileLock.TryTake(path, out FileLock? second));
        Assert.Null(second);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        first!.Dispose();
        Assert.Equal(0, FileLock.TryTake(path, out second));
        second!.Dispose();
    }

    [Theory]
    [InlineData("fifo")]
    [InlineData("link")]
    [InlineData("directory")]
    public void Lock_file_that_is_something_else_is_refused(string kind)
    {
        string path = Path.Combine(_directory, "lock");
        switch (kind)
        {
            case "fifo":
                Run("mkfifo", path);
                break;
            case "link":
                File.CreateSymbolicLink(path, Path.Combine(_directory, "elsewhere"));
                break;
            default:
                Directory.CreateDirectory(path);
                break;
        }

        Assert.InRange(FileLock.TryTake(path, out FileLock? taken), int.MinValue, -1);
        Assert.Null(taken);
        Assert.Throws<ZcrxException>(Open);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static string With(string entry) => $$"""{"version":1,"owner":{{Owner}},"entries":[{{entry}}]}""";

    private static void Run(string program, string argument)
    {
        using Process process = Process.Start(program, argument);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private void Open()
    {
        EmulatedNic nic = new();
        JournalDirectory.Open(_directory, new EmulatedNicFacts([nic]), new EmulatedFlowSteering([nic]), _said.Add);
    }
}

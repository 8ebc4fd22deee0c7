using Ingest.Tests.Support;
using Zcrx.Packages.Tests.Samples;

namespace Zcrx.Packages.Tests.Support;

/// <summary>
/// Packs the output of the build once for all tests. If <c>./build.sh pack</c> runs the tests, they use the packages of that command
/// instead.
/// </summary>
public sealed class PackageFolder : IAsyncLifetime
{
    private readonly TempDirectory? _own;
    private readonly Lazy<Task<SamplePrograms>> _programs;

    public PackageFolder()
    {
        // The tests build, restore and run programs, which takes longer than other tests.
        Deadline.Limit = TimeSpan.FromMinutes(8);
        string? given = Environment.GetEnvironmentVariable("ZCRX_PACKAGES");
        _own = given is null ? new TempDirectory() : null;
        Path = given ?? _own!.Path;
        _programs = new Lazy<Task<SamplePrograms>>(() => SamplePrograms.BuildAsync(this));
    }

    /// <summary>Gets the directory that contains the packages.</summary>
    public string Path { get; }

    /// <summary>Gets the packages by their ids.</summary>
    internal IReadOnlyDictionary<string, PackageFile> Packages { get; private set; } = new Dictionary<string, PackageFile>();

    /// <summary>Gets the programs of all documents. The first call compiles them.</summary>
    internal Task<SamplePrograms> ProgramsAsync() => _programs.Value;

    public async Task InitializeAsync()
    {
        if (_own is not null)
        {
            await ForeignProgram.RunAsync(
                "exec dotnet build \"$1/eng/pack.proj\" -p:NoBuild=true -p:Configuration=\"$2\" -p:Packages=\"$3\" --nologo --verbosity quiet",
                Repository.Path, Repository.Configuration, Path);
        }

        Packages = Directory.EnumerateFiles(Path, "*.nupkg").Select(static file => new PackageFile(file)).ToDictionary(static package => package.Id);
    }

    public Task DisposeAsync()
    {
        if (_programs is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            _programs.Value.Result.Dispose();
        }

        _own?.Dispose();
        return Task.CompletedTask;
    }
}

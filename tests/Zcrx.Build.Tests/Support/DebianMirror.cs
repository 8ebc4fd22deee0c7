using System.Globalization;
using System.Security.Cryptography;
using Ingest.Tests.Support;

namespace Zcrx.Build.Tests.Support;

/// <summary>
/// Represents a Debian mirror in a local directory. Each suite contains one kernel. It also has a cache directory for the scripts that
/// fetch from it.
/// </summary>
internal sealed class DebianMirror : IDisposable
{
    /// <summary>The Debian kernel flavour for virtual machines on x64.</summary>
    public const string X64 = "cloud-amd64";

    /// <summary>The minimum size of a package with a kernel. The scripts treat a smaller package as a meta package.</summary>
    private const int KernelSize = 5_000_000;

    private readonly TempDirectory _directory = new();

    public DebianMirror()
    {
        // The suites are unsigned. The apt configuration of the machine is ignored, because it could turn off the check of Valid-Until.
        File.WriteAllText(
            _directory["apt.conf"],
            """
            Dir::Etc::Parts "/nonexistent";
            Acquire::AllowInsecureRepositories "true";
            APT::Get::AllowUnauthenticated "true";
            """);
    }

    /// <summary>Publishes a suite that contains one kernel. Replaces what the suite contained before.</summary>
    public async Task PublishAsync(string suite, string kernel, bool expired = false, string flavour = X64)
    {
        string architecture = flavour.Contains("arm64", StringComparison.Ordinal) ? "arm64" : "amd64";
        // The package of a release candidate does not have the number of the candidate in its name.
        string package = $"linux-binary-{kernel.Split('~')[0]}+deb13-{flavour}";
        string file = $"pool/{package}.deb";
        string tree = _directory[$"tree/{package}"];
        Directory.CreateDirectory(Path.Combine(tree, "DEBIAN"));
        Directory.CreateDirectory(Path.Combine(tree, "boot"));
        Directory.CreateDirectory(_directory["mirror/pool"]);
        string control = $"Package: {package}\nVersion: {kernel}-1\nArchitecture: {architecture}\nMaintainer: Zcrx\nDescription: a kernel\n";
        await File.WriteAllTextAsync(Path.Combine(tree, "DEBIAN/control"), control);
        await File.WriteAllBytesAsync(Path.Combine(tree, "boot/vmlinuz"), RandomNumberGenerator.GetBytes(KernelSize));
        await ForeignProgram.RunAsync("exec dpkg-deb --root-owner-group -Znone --build \"$1\" \"$2\"", tree, _directory[$"mirror/{file}"]);

        string index = $"{control}Filename: {file}\nSize: {new FileInfo(_directory[$"mirror/{file}"]).Length}\nSHA256: {await Sha256Async(_directory[$"mirror/{file}"])}\n\n";
        Directory.CreateDirectory(_directory[$"mirror/dists/{suite}/main/binary-{architecture}"]);
        string packages = _directory[$"mirror/dists/{suite}/main/binary-{architecture}/Packages"];
        await File.WriteAllTextAsync(packages, index);
        DateTimeOffset published = DateTimeOffset.UtcNow.AddDays(-10);
        string release =
            $"""
            Suite: {suite}
            Codename: {suite}
            Components: main
            Architectures: {architecture}
            Date: {published.ToString("R", CultureInfo.InvariantCulture).Replace("GMT", "UTC", StringComparison.Ordinal)}
            Valid-Until: {published.AddDays(expired ? 7 : 70).ToString("R", CultureInfo.InvariantCulture).Replace("GMT", "UTC", StringComparison.Ordinal)}
            SHA256:
             {await Sha256Async(packages)} {new FileInfo(packages).Length} main/binary-{architecture}/Packages

            """;
        await File.WriteAllTextAsync(_directory[$"mirror/dists/{suite}/Release"], release);
    }

    /// <summary>Removes a suite from the mirror.</summary>
    public void Withdraw(string suite) => Directory.Delete(_directory[$"mirror/dists/{suite}"], recursive: true);

    /// <summary>Makes the cached index of a suite older than a day. The next call then refreshes it.</summary>
    public void Age(string suite) => File.SetLastWriteTimeUtc(_directory[$"cache/apt/{suite}/refreshed"], DateTime.UtcNow.AddDays(-2));

    /// <summary>Runs <c>fetch-kernel.sh</c> against the mirror.</summary>
    /// <param name="version">The pattern that the version of the kernel must match.</param>
    /// <param name="run">The id of the run of <c>./build.sh test</c> that makes the call, or an empty string for a call on its own.</param>
    /// <param name="flavour">The Debian flavour of the kernel, which contains the architecture.</param>
    public Task<(int ExitCode, string Output)> FetchAsync(string version, string run = "", string flavour = X64) => RunAsync("fetch-kernel.sh", run, flavour, version);

    /// <summary>Runs <c>newest-kernel.sh</c> against the mirror.</summary>
    /// <param name="versions">The version patterns of known kernels, with which the newest one is compared.</param>
    public Task<(int ExitCode, string Output)> FetchNewestAsync(params string[] versions) => RunAsync("newest-kernel.sh", string.Empty, X64, versions);

    public void Dispose() => _directory.Dispose();

    private Task<(int ExitCode, string Output)> RunAsync(string script, string run, string flavour, params string[] arguments) => ForeignProgram.ExecuteAsync(
        """
        export APT_CONFIG="$1/apt.conf" ZCRX_VM_CACHE="$1/cache" ZCRX_VM_MIRROR="file:$1/mirror" ZCRX_VM_RUN="$2" ZCRX_VM_FLAVOUR="$3"
        script=$4
        shift 4
        exec "$script" "$@"
        """,
        [_directory.Path, run, flavour, Path.Combine(Repository.Path, "tests/vm", script), .. arguments]);

    private static async Task<string> Sha256Async(string path) => Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(path)));
}

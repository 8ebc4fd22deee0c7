using Ingest.Tests.Support;

namespace Ingest.Tests.Commands;

/// <summary>
/// Tests the command <c>doctor</c>. Its exit code must be 0 exactly if a registration would succeed. Tests on real kernels cover NICs.
/// </summary>
public class DoctorTests
{
    [Fact]
    public async Task Doctor_names_the_obstacle_of_loopback_and_serve_refuses_it()
    {
        ProcessResult doctor = await IngestProcess.RunAsync("doctor", "--interface", "lo");
        Assert.Equal(1, doctor.ExitCode);
        Assert.Contains(doctor.Output, line => line.StartsWith("obstacle device", StringComparison.Ordinal));
        Assert.StartsWith("RX queue 0 of lo cannot be registered: ", doctor.Output[^1], StringComparison.Ordinal);
        Assert.Equal(2, (await IngestProcess.RunAsync("serve", "--listen", "127.0.0.1:0", "--engine", "nic", "--interface", "lo")).ExitCode);
    }

    [Fact]
    public async Task Missing_interface_is_reported_as_an_obstacle()
    {
        ProcessResult doctor = await IngestProcess.RunAsync("doctor", "--interface", "nosuch0", "--no-try");
        Assert.Equal(1, doctor.ExitCode);
        Assert.Contains(doctor.Output, line => line.StartsWith("obstacle interface", StringComparison.Ordinal) && line.Contains("has no interface nosuch0", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--container needs --plan", "--container", "web", "--container-interface", "nkc")]
    [InlineData("--container and --container-interface go together", "--plan", "9000", "--container", "web")]
    public async Task Container_option_without_plan_or_container_interface_is_refused(string message, params string[] options)
    {
        ProcessResult doctor = await IngestProcess.RunAsync(["doctor", "--interface", "lo", .. options]);
        Assert.Equal(2, doctor.ExitCode);
        Assert.Contains(message, Assert.Single(doctor.Error), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Doctor_without_privileges_names_the_missing_capability()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root can drop its capabilities");
        using IngestProcess process = IngestProcess.StartAfter(
            "set -- setpriv --inh-caps=-all --bounding-set=-all --reuid 65534 --clear-groups dotnet exec \"$@\"; command -v setpriv >/dev/null || exit 77; \"$@\"; exit $?",
            new Dictionary<string, string> { ["HOME"] = Path.GetTempPath() },
            "doctor",
            "--interface",
            "lo");
        ProcessResult doctor = await process.ExitAsync();
        Skip.If(doctor.ExitCode == 77, "setpriv is not installed (Debian package util-linux)");
        Skip.If(doctor.ExitCode != 1 && doctor.Output.Length == 0, $"the program cannot be read by another user: {string.Join(' ', doctor.Error)}");
        Assert.Equal(1, doctor.ExitCode);
        Assert.Contains(doctor.Output, line => line.StartsWith("obstacle CAP_NET_ADMIN", StringComparison.Ordinal));
    }
}

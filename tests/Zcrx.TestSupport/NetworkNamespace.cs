using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Win32.SafeHandles;
using Zcrx.Interop.Kernel;

namespace Zcrx.TestSupport;

/// <summary>
/// Represents a new network namespace with two veth interfaces, <c>v0</c> and <c>v1</c>, which are connected to each other. Each has four
/// queues.
/// </summary>
internal sealed class NetworkNamespace : IDisposable
{
    public string Name { get; } = $"zcrx-test-{Guid.NewGuid():N}"[..20];

    /// <summary>Creates the namespace. Skips the test, with the reason, if the user has no permission to create one.</summary>
    public NetworkNamespace()
    {
        (int status, string output) = Execute("ip", "netns", "add", Name);
        Skip.If(status != 0, $"network namespaces cannot be made here: {output}");
        try
        {
            (status, output) = Execute("ip", "-n", Name, "link", "add", "v0", "numrxqueues", "4", "numtxqueues", "4", "type", "veth", "peer", "name", "v1", "numrxqueues", "4", "numtxqueues", "4");
            Skip.If(status != 0, $"veth interfaces cannot be made here: {output}");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// Runs a function in a network namespace, on a new thread. A socket that the function opens belongs to the namespace.
    /// </summary>
    public static T Run<T>(string name, Func<T> function) => OtherThread.Run(() =>
    {
        using (SafeFileHandle handle = File.OpenHandle($"/run/netns/{name}"))
        {
            int result = NetlinkCalls.EnterNetworkNamespace((int)handle.DangerousGetHandle());
            Assert.True(result == 0, $"could not enter the network namespace {name}: errno {-result}");
        }

        return function();
    });

    /// <summary>Runs a function in this namespace.</summary>
    public T Run<T>(Func<T> function) => Run(Name, function);

    /// <summary>Runs a program in this namespace, and returns its output. Skips the test if the program is not installed.</summary>
    public string Ask(string program, params string[] arguments)
    {
        (int status, string output) = Execute("ip", ["netns", "exec", Name, program, .. arguments]);
        Skip.If(output.Contains($"exec of \"{program}\" failed: No such file or directory", StringComparison.Ordinal), NotInstalled(program));
        Assert.True(status == 0, $"{program} {string.Join(' ', arguments)}: {output}");
        return output;
    }

    /// <summary>
    /// Moves <c>v0</c> to the namespace of this process and takes both interfaces up. The namespaces can then reach each other.
    /// </summary>
    /// <param name="here">The address of <c>v0</c> in the namespace of this process.</param>
    /// <param name="there">The address of <c>v1</c> in the new namespace.</param>
    public void ConnectHere(IPAddress here, IPAddress there)
    {
        // The name must be unique in the namespace of this process, and the kernel's limit is 15 characters.
        string name = $"z{Name[^12..]}";
        Ip("link", "set", "v0", "netns", Environment.ProcessId.ToString(CultureInfo.InvariantCulture), "name", name);
        Ip("addr", "add", $"{there}/30", "dev", "v1");
        Ip("link", "set", "v1", "up");
        Require("ip", "addr", "add", $"{here}/30", "dev", name);
        Require("ip", "link", "set", name, "up");
    }

    public void Ip(params string[] arguments) => Require("ip", ["-n", Name, .. arguments]);

    public void Dispose() => Execute("ip", "netns", "del", Name);

    private static void Require(string program, params string[] arguments)
    {
        (int status, string output) = Execute(program, arguments);
        Assert.True(status == 0, $"{program} {string.Join(' ', arguments)}: {output}");
    }

    private static (int Status, string Output) Execute(string program, params string[] arguments)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "network namespaces exist only on Linux");
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Skip.If(true, NotInstalled(program));
            throw;
        }

        using (process)
        {
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, (output + errors.GetAwaiter().GetResult()).Trim());
        }
    }

    private static string NotInstalled(string program) => $"{program} is not installed (Debian package {(program == "ip" ? "iproute2" : program)})";
}

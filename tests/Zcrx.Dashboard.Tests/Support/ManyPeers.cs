using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Zcrx.Dashboard.Tests.Support;

/// <summary>Runs peers in a process of their own. Their file descriptors then do not count toward the limit of the service.</summary>
internal sealed class ManyPeers : IDisposable
{
    private const string Program = """
        import socket, sys
        peers = [socket.create_connection((sys.argv[1], int(sys.argv[2]))) for _ in range(int(sys.argv[3]))]
        print("connected", flush=True)
        sys.stdin.read()
        """;

    private readonly Process _process;

    private ManyPeers(Process process) => _process = process;

    public static async Task<ManyPeers> ConnectAsync(IPEndPoint endPoint, int count)
    {
        Skip.IfNot(File.Exists("/usr/bin/python3"), "/usr/bin/python3 is missing: apt-get install python3.");
        ProcessStartInfo start = new("/usr/bin/python3", ["-c", Program, $"{endPoint.Address}", $"{endPoint.Port}", count.ToString(CultureInfo.InvariantCulture)])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        ManyPeers peers = new(Process.Start(start)!);
        try
        {
            Assert.Equal("connected", await peers._process.StandardOutput.ReadLineAsync().Within($"{count} peers are connected"));
            return peers;
        }
        catch
        {
            peers.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }
}

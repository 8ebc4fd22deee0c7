using System.Globalization;
using Zcrx.Benchmarks.Answers;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Represents the running process of one server.</summary>
internal sealed class MessageServer : IDisposable
{
    private readonly ServerProcess _process;
    private readonly bool _isManaged;

    private MessageServer(ServerProcess process, bool isManaged)
    {
        _process = process;
        _isManaged = isManaged;
    }

    public int Port => _process.Port;

    public int Id => _process.Id;

    /// <summary>Gets the number of descriptors that the process has open.</summary>
    public int Descriptors => Directory.GetFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{Id}/fd")).Length;

    public static async Task<MessageServer> StartAsync(MessageServerKind kind) =>
        new(kind.Program is { } program ? await ServerProcess.StartProgramAsync(program) : await ServerProcess.StartAsync("message-server", kind.Name), kind.Program is null);

    /// <summary>Collects the garbage of the process, and returns its resident memory in bytes.</summary>
    public async Task<long> GetResidentBytesAsync(CancellationToken cancellation)
    {
        if (_isManaged)
        {
            await _process.AskAsync(MessageServerProgram.Collect, MessageServerProgram.Collected, cancellation);
        }

        string line = (await File.ReadAllLinesAsync(string.Create(CultureInfo.InvariantCulture, $"/proc/{Id}/status"), cancellation))
            .First(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }

    public void Dispose() => _process.Dispose();
}

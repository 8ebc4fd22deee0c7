using System.Diagnostics;
using System.Globalization;

namespace Zcrx.Chaos.Load;

/// <summary>What a process uses at a moment.</summary>
internal readonly record struct ServerUse(int Descriptors, long Resident, TimeSpan Processor)
{
    public static ServerUse Of(Process process)
    {
        process.Refresh();
        return new ServerUse(Directory.GetFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/fd")).Length, process.WorkingSet64, process.TotalProcessorTime);
    }
}

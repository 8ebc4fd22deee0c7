using System.Diagnostics;
using System.Globalization;

namespace Zcrx.Chaos.Load;

/// <summary>Represents the resources that the server process uses at one moment.</summary>
internal readonly record struct ServerUse(int Descriptors, long Resident, TimeSpan Processor)
{
    public static ServerUse Of(Process process)
    {
        process.Refresh();
        return new ServerUse(Directory.GetFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/fd")).Length, process.WorkingSet64, process.TotalProcessorTime);
    }
}

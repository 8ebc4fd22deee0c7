using System.Globalization;

namespace Zcrx.Interop.Nic.Journal;

/// <summary>Identifies the process that made the changes of a journal, and where it runs.</summary>
/// <param name="Pid">Its id, which is given out again after its end.</param>
/// <param name="StartTime">When it started, in clock ticks since the machine started. Together with the id it is unique.</param>
/// <param name="Boot">Which start of the machine. What was set before the last one is gone.</param>
/// <param name="NetworkNamespace">Interfaces of another namespace are others.</param>
/// <param name="PidNamespace">Ids of another namespace say nothing here.</param>
internal sealed record JournalOwner(int Pid, ulong StartTime, string Boot, string NetworkNamespace, string PidNamespace)
{
    public static JournalOwner Current() => new(
        Environment.ProcessId,
        StartTimeOf(Environment.ProcessId) ?? 0,
        File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(),
        NamespaceOf("net"),
        NamespaceOf("pid"));

    /// <summary>When a process started; null when there is none.</summary>
    public static ulong? StartTimeOf(int pid)
    {
        try
        {
            return ParseStartTime(File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat")));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The 22nd field; the second is a name in brackets that may hold anything, brackets and blanks included. A zombie owns nothing any more.</summary>
    public static ulong? ParseStartTime(string stat)
    {
        int end = stat.LastIndexOf(')');
        string[] fields = end < 0 ? [] : stat[(end + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        const int State = 0;
        const int StartTimeField = 19;
        return fields.Length > StartTimeField && fields[State] is not ("Z" or "X") && ulong.TryParse(fields[StartTimeField], NumberStyles.None, CultureInfo.InvariantCulture, out ulong ticks)
            ? ticks
            : null;
    }

    private static string NamespaceOf(string kind) => File.ResolveLinkTarget($"/proc/thread-self/ns/{kind}", returnFinalTarget: false)?.Name ?? "";
}

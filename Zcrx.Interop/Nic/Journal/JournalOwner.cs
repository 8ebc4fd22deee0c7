using System.Globalization;

namespace Zcrx.Interop.Nic.Journal;

/// <summary>Identifies the process that made the changes of a journal, and where it runs.</summary>
/// <param name="Pid">The process id, which may be reused after the end of the process.</param>
/// <param name="StartTime">The start time in clock ticks since the start of the machine. It is unique together with the process id.</param>
/// <param name="Boot">Identifies the start of the machine. Settings from before that start are gone.</param>
/// <param name="NetworkNamespace">The network namespace, which determines the interfaces.</param>
/// <param name="PidNamespace">The PID namespace. A process in another one cannot interpret the process id.</param>
internal sealed record JournalOwner(int Pid, ulong StartTime, string Boot, string NetworkNamespace, string PidNamespace)
{
    public static JournalOwner Current() => new(
        Environment.ProcessId,
        StartTimeOf(Environment.ProcessId) ?? 0,
        File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim(),
        NamespaceOf("net"),
        NamespaceOf("pid"));

    /// <summary>Returns when the process with an id started; null when it does not exist.</summary>
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

    /// <summary>
    /// Returns the start time from the text of <c>/proc/PID/stat</c>, where it is the 22nd field. Returns null for a zombie, which can undo
    /// nothing. The second field is a name in brackets that may contain any character.
    /// </summary>
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

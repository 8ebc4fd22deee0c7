using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;
using Zcrx.Interop.Processes;

namespace Zcrx.Interop.Nic.Journal;

/// <summary>Manages the directory that contains the journals of all processes, including dead ones.</summary>
internal static class JournalDirectory
{
    private const string Operation = "Recording a change to a network interface";
    private const string InvalidSuffix = ".invalid";

    /// <summary>Undoes the changes of dead processes, then opens the journal of this process.</summary>
    public static NicChangeJournal Open(string directory, INicFacts facts, IFlowSteering steering, Action<string>? report, IQueueLeasing? leasing = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        JournalOwner self = JournalOwner.Current();
        try
        {
            _ = OperatingSystem.IsWindows()
                ? Directory.CreateDirectory(directory)
                : Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            if (TrustedDirectory.WhyNot(directory, mayBeShared: false) is { } reason)
            {
                throw new ZcrxNotPermittedException(
                    Operation, 0, $"{reason}, who could make this process change network interfaces", "Set NicStateDirectory to a directory that only this process's user may write");
            }

            using FileLock? turn = TakeTurn(directory);
            if (turn is null)
            {
                report?.Invoke($"{directory}: another process is already undoing the changes of processes that have died");
            }
            else
            {
                foreach (string path in Directory.GetFiles(directory, "*.json"))
                {
                    CleanUp(path, self, facts, steering, report);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(exception);
        }

        return new NicChangeJournal(facts, steering, new JournalFile(directory, self), report, leasing: leasing);
    }

    public static ZcrxException CannotWrite(Exception exception) => new(
        Operation, 0, exception.Message.TrimEnd('.'), "Set NicStateDirectory to a directory that this process may write", exception);

    /// <summary>Decides whether to undo, delete or keep the recorded changes of a process. Pure.</summary>
    /// <param name="owner">The process that made the changes.</param>
    /// <param name="self">This process.</param>
    /// <param name="startTime">The start time of the process that has the owner's id now; null when there is none.</param>
    public static JournalFate FateOf(JournalOwner owner, JournalOwner self, ulong? startTime)
    {
        if (owner.Boot != self.Boot)
        {
            return JournalFate.Forget;
        }

        return owner.NetworkNamespace != self.NetworkNamespace || owner.PidNamespace != self.PidNamespace || startTime == owner.StartTime
            ? JournalFate.Leave
            : JournalFate.Undo;
    }

    private static void CleanUp(string path, JournalOwner self, INicFacts facts, IFlowSteering steering, Action<string>? report)
    {
        JournalReading reading = JournalFile.Read(path);
        if (reading.IsInvalid)
        {
            SetAside(path, reading.Problem!, report);
            return;
        }

        if (reading.Record is not { } record)
        {
            report?.Invoke($"{path}: {reading.Problem}; not changed");
            return;
        }

        switch (FateOf(record.Owner, self, JournalOwner.StartTimeOf(record.Owner.Pid)))
        {
            case JournalFate.Forget:
                File.Delete(path);
                break;
            case JournalFate.Undo:
                report?.Invoke($"process {record.Owner.Pid} has died and left changes to network interfaces; undoing them");
                NicChangeJournal journal = new(facts, steering, new JournalFile(Path.GetDirectoryName(path)!, record.Owner), report, record.Entries);
                journal.Undo();
                break;
            default:
                break;
        }
    }

    /// <summary>Renames a file that is no valid journal. It is then reported only once, and stays available for inspection.</summary>
    private static void SetAside(string path, string problem, Action<string>? report)
    {
        try
        {
            File.Move(path, path + InvalidSuffix, overwrite: true);
            report?.Invoke($"{path}: {problem}; renamed to {Path.GetFileName(path)}{InvalidSuffix}. If it recorded changes to an interface, they are not undone");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            report?.Invoke($"{path}: {problem}; it cannot be renamed: {exception.Message}");
        }
    }

    /// <summary>Locks the directory, so that two processes that start together do not undo the same changes twice.</summary>
    private static FileLock? TakeTurn(string directory)
    {
        string path = Path.Combine(directory, "lock");
        int result = FileLock.TryTake(path, out FileLock? taken);
        return result is 0 or -Errno.EAGAIN ? taken : throw CannotWrite(new IOException($"{path}: {ErrnoText.Describe(-result)}"));
    }
}

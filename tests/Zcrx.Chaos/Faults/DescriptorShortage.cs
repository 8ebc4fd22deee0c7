using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Zcrx.Chaos.Faults;

/// <summary>Lowers the limit on open files for a short time. Only a few descriptors are then free.</summary>
internal sealed unsafe partial class DescriptorShortage : IDisposable
{
    // These are fewer than the reserve of a queue, so accepting stops. They suffice for queues that restart at the same time.
    private const int Free = 48;
    private const int OpenFiles = 7;

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(2);

    private readonly Timer _end;
    private readonly Limit _usual;
    private bool _isOn;

    public DescriptorShortage()
    {
        Limit usual;
        Check(getrlimit(OpenFiles, &usual));
        _usual = usual;
        _end = new Timer(_ => End());
    }

    /// <summary>Starts a shortage, which a timer ends.</summary>
    /// <returns>False if there is a shortage already.</returns>
    public bool Begin()
    {
        lock (_end)
        {
            if (_isOn)
            {
                return false;
            }

            // The limit applies to descriptor numbers, and the kernel assigns the lowest free one. The new limit is therefore computed from
            // the highest number in use.
            int highest = Directory.GetFileSystemEntries("/proc/self/fd").Max(static path => int.Parse(Path.GetFileName(path), System.Globalization.CultureInfo.InvariantCulture));
            Set(_usual with { Soft = ulong.Min(_usual.Soft, (ulong)(highest + Free)) });
            _isOn = true;
            _end.Change(Length, Timeout.InfiniteTimeSpan);
            return true;
        }
    }

    public void End()
    {
        lock (_end)
        {
            if (_isOn)
            {
                _isOn = false;
                Set(_usual);
            }
        }
    }

    public void Dispose()
    {
        End();
        _end.Dispose();
    }

    private static void Set(Limit limit) => Check(setrlimit(OpenFiles, &limit));

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getrlimit(int resource, Limit* limit);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setrlimit(int resource, Limit* limit);

    /// <summary>Represents <c>struct rlimit</c> of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private record struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}

using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Zcrx.Chaos.Faults;

/// <summary>Lowers the limit on open files for a short time, so that only a few descriptors are free.</summary>
internal sealed unsafe partial class DescriptorShortage : IDisposable
{
    // Fewer than the reserve of a queue, so accepting stops. Enough for queues that restart at the same time.
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

    /// <summary>Begins a shortage that ends after a short time.</summary>
    /// <returns>False if a shortage is already in progress.</returns>
    public bool Begin()
    {
        lock (_end)
        {
            if (_isOn)
            {
                return false;
            }

            // The limit applies to the highest descriptor number, and the kernel uses the lowest free number first.
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

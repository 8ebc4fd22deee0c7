using System.Runtime.InteropServices;

namespace Zcrx.Interop.Kernel;

/// <summary>Mirrors <c>struct pollfd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    public int Fd;
    public short Events;
    public short ReturnedEvents;
}

using System.Collections.Concurrent;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Zcrx.Chaos.Support;

/// <summary>Creates sockets in another network namespace.</summary>
/// <remarks>A socket belongs to the namespace of the thread that creates it, so one thread enters the namespace and creates all sockets.</remarks>
internal sealed partial class NamespaceSockets : ISocketSource, IDisposable
{
    private const int CLONE_NEWNET = 0x40000000;

    private readonly BlockingCollection<TaskCompletionSource<Socket>> _wanted = [];
    private readonly Thread _thread;

    public NamespaceSockets(string name)
    {
        _thread = new Thread(() => Run(name)) { IsBackground = true, Name = $"sockets {name}" };
        _thread.Start();
    }

    public Socket Create()
    {
        TaskCompletionSource<Socket> made = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _wanted.Add(made);
        return made.Task.GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        _wanted.CompleteAdding();
        _thread.Join();
        _wanted.Dispose();
    }

    private void Run(string name)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle($"/run/netns/{name}");
        int result = SetNamespace((int)handle.DangerousGetHandle(), CLONE_NEWNET);
        int error = Marshal.GetLastPInvokeError();
        foreach (TaskCompletionSource<Socket> made in _wanted.GetConsumingEnumerable())
        {
            if (result < 0)
            {
                made.SetException(new Win32Exception(error));
                continue;
            }

            try
            {
                made.SetResult(BoundSocket.Create());
            }
            catch (SocketException exception)
            {
                made.SetException(exception);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int fd, int type);
}

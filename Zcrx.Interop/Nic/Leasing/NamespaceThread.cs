using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Nic.Leasing;

/// <summary>
/// Runs a function in another network namespace, on a dedicated thread. A thread of the thread pool would stay in that namespace
/// afterwards.
/// </summary>
internal static class NamespaceThread
{
    /// <summary>Runs a function in a network namespace and waits for its result.</summary>
    /// <param name="operation">The operation that the caller performs, with which error messages start.</param>
    /// <param name="container">The interface whose network namespace is entered.</param>
    /// <param name="function">The function. Sockets that it opens belong to the container's namespace.</param>
    /// <exception cref="ZcrxException">The namespace does not exist, this process may not enter it, or the function throws.</exception>
    public static T Run<T>(string operation, ContainerInterface container, Func<T> function)
    {
        using SafeFileHandle descriptor = Open(operation, container);
        T? result = default;
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                int entered = NetlinkCalls.EnterNetworkNamespace((int)descriptor.DangerousGetHandle());
                result = entered >= 0 ? function() : throw CannotEnter(operation, container, -entered);
            }
#pragma warning disable CA1031 // The exception is rethrown on the waiting thread.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failure = exception;
            }
        })
        {
            IsBackground = true,
            Name = "zcrx namespace",
        };
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return result!;
    }

    /// <summary>Opens the file of a network namespace.</summary>
    public static SafeFileHandle Open(string operation, ContainerInterface container)
    {
        try
        {
            return File.OpenHandle(container.NamespacePath);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ZcrxDeviceException(
                operation,
                exception is UnauthorizedAccessException ? Errno.EACCES : Errno.ENOENT,
                $"there is no network namespace {container.Container} ({container.NamespacePath}), or it cannot be opened",
                "Name one that `ip netns` lists, the id of a process of the container, or the path of a namespace file",
                exception);
        }
    }

    /// <summary>Returns a text that identifies the network namespace of the calling thread.</summary>
    public static string Current() => File.ResolveLinkTarget("/proc/thread-self/ns/net", returnFinalTarget: false)?.Name ?? "";

    private static ZcrxException CannotEnter(string operation, ContainerInterface container, int errno) => errno is Errno.EPERM
        ? new ZcrxNotPermittedException(
            operation, errno, $"entering the network namespace of {container.Container} needs the capability CAP_SYS_ADMIN", "Run this on the host, as root")
        : new ZcrxDeviceException(
            operation, errno, $"{container.NamespacePath} is not a network namespace ({ErrnoText.Describe(errno)})", "Name one that `ip netns` lists, the id of a process of the container, or the path of a namespace file");
}

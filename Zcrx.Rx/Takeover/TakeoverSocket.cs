using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Errors;
using Zcrx.Interop.Processes;

namespace Zcrx.Rx.Takeover;

/// <summary>
/// Represents the Unix socket that successors connect to. Each process passes it to its successor, so that the socket's path is always
/// served.
/// </summary>
internal sealed class TakeoverSocket : IDisposable
{
    private const int Backlog = 16;
    private const string LockSuffix = ".lock";

    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(20);

    private readonly string _path;
    // Identifies the file of this socket, so that this process does not delete the file of another socket when it ends.
    private FileStatus _file;
    private bool _isOurs;

    private TakeoverSocket(string path, Socket socket)
    {
        _path = path;
        Socket = socket;
    }

    public Socket Socket { get; }

    /// <summary>Connects to the process that listens at a path. If there is none, listens there.</summary>
    /// <returns>Either this process's listening socket, or the connection to the predecessor.</returns>
    /// <exception cref="ZcrxException">The path allows neither. The message names the cause.</exception>
    public static async Task<(TakeoverSocket? Bound, Socket? Predecessor)> OpenAsync(string path, CancellationToken cancellationToken)
    {
        // Two processes may find the socket of a dead process at the same time. The lock ensures that only one of them replaces it.
        using FileLock turn = await LockAsync(path, cancellationToken).ConfigureAwait(false);
        int result = FileStatus.Of(path, out FileStatus found);
        if (result == -Errno.ENOENT)
        {
            return (Bind(path), null);
        }

        if (result < 0)
        {
            throw Explain(path, result, ErrnoText.Describe(-result), "Choose a path in a directory that belongs to the service");
        }

        if (!found.IsSocket)
        {
            throw Explain(path, 0, "the path exists and is not a socket", "Choose another path, or remove what is there");
        }

        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
            return (null, socket);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // The process that created this socket has ended without deleting its file.
            socket.Dispose();
            return (Bind(path), null);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw exception.SocketErrorCode == SocketError.AccessDenied
                ? new ZcrxNotPermittedException(Operation(path), exception.NativeErrorCode, "the socket belongs to another user", "Run both processes as the same user")
                : Explain(path, exception.NativeErrorCode, exception.Message.TrimEnd('.'), "", exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Creates the object for a socket that the predecessor has passed. The socket stays bound to its path.</summary>
    public static TakeoverSocket TakeOver(string path, SafeSocketHandle handle) => new(path, new Socket(handle));

    /// <summary>
    /// Makes this process the owner of the socket. This object deletes the socket's file when it is disposed, and peers see the credentials
    /// of this process.
    /// </summary>
    public void Own()
    {
        _isOurs = FileStatus.Of(_path, out _file) == 0;
        // The kernel shows peers the credentials of the process that called listen(2) last. Until now, that was a predecessor.
        Socket.Listen(Backlog);
    }

    /// <summary>Leaves the socket's file to the successor, which serves the socket from now on.</summary>
    public void Disown() => _isOurs = false;

    public void Dispose()
    {
        if (_isOurs && FileStatus.Of(_path, out FileStatus now) == 0 && now == _file)
        {
            try
            {
                File.Delete(_path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The file stays. The next process finds that no process listens on it, and replaces it.
            }
        }

        Socket.Dispose();
    }

    private static TakeoverSocket Bind(string path)
    {
        // The socket is bound to a temporary name first, so that no process can connect before the permissions are set. Renaming it then
        // replaces the socket of a dead process atomically. Also, .NET deletes the bound name when the socket is disposed, but the final
        // name may have to outlive this process.
        string temporary = FormattableString.Invariant($"{path}.{Environment.ProcessId:x}");
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(temporary);
            socket.Bind(new UnixDomainSocketEndPoint(temporary));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            socket.Listen(Backlog);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw exception is UnauthorizedAccessException or SocketException { SocketErrorCode: SocketError.AccessDenied }
                ? new ZcrxNotPermittedException(Operation(path), Errno.EACCES, "the process may not create a socket in that directory", "Choose a directory that belongs to the service")
                : Explain(path, (exception as SocketException)?.NativeErrorCode ?? 0, exception.Message.TrimEnd('.'), "Choose a path in a directory that belongs to the service", exception);
        }

        TakeoverSocket bound = new(path, socket);
        bound.Own();
        return bound;
    }

    private static async Task<FileLock> LockAsync(string path, CancellationToken cancellationToken)
    {
        string directory = Path.GetDirectoryName(path) ?? "/";
        if (TrustedDirectory.WhyNot(directory, mayBeShared: true) is { } reason)
        {
            throw new ZcrxNotPermittedException(Operation(path), 0, $"{reason}, so another user could take the service's connections", "Choose a directory that only the service's user may write");
        }

        // The lock is on a separate file, because any user who may read the directory could lock the directory itself.
        string file = path + LockSuffix;
        using PeriodicTimer retry = new(LockRetry);
        while (true)
        {
            int result = FileLock.TryTake(file, out FileLock? taken);
            if (taken is not null)
            {
                return taken;
            }

            if (result != -Errno.EAGAIN)
            {
                throw result switch
                {
                    -Errno.ENOENT => Explain(path, result, $"the directory {directory} does not exist", "Create it, for the user that the service runs as"),
                    -Errno.EPERM => new ZcrxNotPermittedException(Operation(path), -result, $"{file} is not a file of this process's user", "Remove it, or choose a directory that belongs to the service"),
                    -Errno.EACCES => new ZcrxNotPermittedException(Operation(path), -result, $"the process may not open {file}", "Choose a directory that belongs to the service"),
                    _ => Explain(path, result, $"{file}: {ErrnoText.Describe(-result)}", "Choose a path in a directory that belongs to the service"),
                };
            }

            await retry.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static string Operation(string path) => $"Taking over at {path}";

    private static ZcrxException Explain(string path, int errno, string cause, string fix, Exception? inner = null) => new(Operation(path), errno, cause, fix, inner);
}

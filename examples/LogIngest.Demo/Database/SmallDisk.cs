using System.Diagnostics;
using System.Globalization;

namespace LogIngest.Demo.Database;

/// <summary>
/// Represents a small disk for the messages. It is a tmpfs that only the database server sees, and disappears with the server.
/// </summary>
/// <param name="directory">The directory of the disk.</param>
/// <param name="size">The size in bytes.</param>
internal sealed class SmallDisk(string directory, long size)
{
    private string? _files;

    /// <summary>Gets the directory, as the server sees it.</summary>
    public string Directory => directory;

    private string Filling => Path.Combine(_files!, "filling");

    /// <summary>Determines whether this process may create such disks (CAP_SYS_ADMIN).</summary>
    public static async Task<bool> IsPermittedAsync()
    {
        using Process trial = Process.Start(new ProcessStartInfo("unshare", ["--mount", "--", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]) { RedirectStandardError = true, UseShellExecute = false })!;
        await trial.WaitForExitAsync();
        return trial.ExitCode == 0;
    }

    /// <summary>Returns a command line that mounts the disk in a new mount namespace, then replaces itself with the program.</summary>
    public string[] Wrap(UnprivilegedUser? owner, string[] command)
    {
        string options = string.Create(CultureInfo.InvariantCulture, $"size={size},mode=0700,uid={owner?.UserId ?? "0"},gid={owner?.GroupId ?? "0"}");
        return ["unshare", "--mount", "--", "sh", "-c", "mount -t tmpfs -o \"$1\" tmpfs \"$2\" && shift 2 && exec \"$@\"", "sh", options, directory, .. command];
    }

    /// <summary>Sets the server process, through whose mount namespace this process reaches the disk.</summary>
    public void Attach(Process server) => _files = string.Create(CultureInfo.InvariantCulture, $"/proc/{server.Id}/root{directory}");

    /// <summary>Fills the disk.</summary>
    /// <param name="left">The number of bytes that stay free.</param>
    public void Fill(long left)
    {
        using FileStream filling = new(Filling, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, PreallocationSize = new DriveInfo(_files!).AvailableFreeSpace - left });
    }

    /// <summary>Frees the space that <see cref="Fill"/> has used.</summary>
    public void Free() => File.Delete(Filling);
}

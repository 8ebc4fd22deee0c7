namespace Zcrx.Interop.Processes;

/// <summary>Decides whether a directory is trusted. In a trusted directory, other users cannot replace files of this user.</summary>
internal static class TrustedDirectory
{
    private const ushort WritableByOthers = 0x12;
    private const ushort Sticky = 0x200;
    private const uint Root = 0;

    /// <summary>
    /// Returns why a directory is not trusted; null when it is. A directory that cannot be examined also returns null, since using it fails
    /// anyway.
    /// </summary>
    /// <param name="path">The directory. A symbolic link is followed, as in every later use of the path.</param>
    /// <param name="mayBeShared">
    /// Whether to accept a directory such as <c>/tmp</c>, in which users cannot replace each other's files.
    /// </param>
    public static string? WhyNot(string path, bool mayBeShared) =>
        FileStatus.OfTarget(path, out FileStatus status) < 0 ? null : WhyNot(path, status, ProcessUser.Id, mayBeShared);

    /// <summary>Returns why a directory with a given status is not trusted; null when it is. Pure.</summary>
    /// <param name="path">The path of the directory, for the message.</param>
    /// <param name="status">The status of the directory.</param>
    /// <param name="user">The user id of this process.</param>
    /// <param name="mayBeShared">
    /// Whether to accept a directory such as <c>/tmp</c>, in which users cannot replace each other's files.
    /// </param>
    public static string? WhyNot(string path, FileStatus status, uint user, bool mayBeShared)
    {
        if (!status.IsDirectory)
        {
            return $"{path} is not a directory";
        }

        if (status.UserId != user && status.UserId != Root)
        {
            return $"{path} belongs to user {status.UserId}, and this process runs as user {user}";
        }

        bool isShared = mayBeShared && (status.Mode & Sticky) != 0;
        return (status.Mode & WritableByOthers) != 0 && !isShared ? $"other users may write to {path}" : null;
    }
}

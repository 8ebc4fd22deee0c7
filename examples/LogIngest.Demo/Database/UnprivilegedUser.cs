namespace LogIngest.Demo.Database;

/// <summary>
/// Represents the unprivileged user for the database server when this program runs as root. The server refuses to run as root.
/// </summary>
internal sealed record UnprivilegedUser(string Name, string UserId, string GroupId)
{
    /// <summary>
    /// Returns <c>postgres</c>, or <c>nobody</c> if that user does not exist. Returns null if this program is not root: the
    /// server then runs as the same user.
    /// </summary>
    public static UnprivilegedUser? Find()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        string[][] users = [.. File.ReadLines("/etc/passwd").Select(static line => line.Split(':')).Where(static fields => fields.Length > 3)];
        string[] user = users.FirstOrDefault(static fields => fields[0] == "postgres") ?? users.First(static fields => fields[0] == "nobody");
        return new UnprivilegedUser(user[0], user[2], user[3]);
    }

    /// <summary>Returns the command line that runs a program as this user.</summary>
    public string[] Wrap(string program, params string[] arguments) =>
        ["setpriv", $"--reuid={UserId}", $"--regid={GroupId}", "--clear-groups", "--", program, .. arguments];
}

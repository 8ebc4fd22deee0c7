namespace Zcrx.Build.Tests.Support;

/// <summary>Provides the path of the working copy from which these tests were built.</summary>
internal static class Repository
{
    /// <summary>Gets the root directory of the repository, which contains <c>build.sh</c>.</summary>
    public static string Path { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    private static string Find(DirectoryInfo? directory)
    {
        while (directory is not null && !File.Exists(System.IO.Path.Combine(directory.FullName, "build.sh")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException($"no directory above {AppContext.BaseDirectory} contains build.sh");
    }
}

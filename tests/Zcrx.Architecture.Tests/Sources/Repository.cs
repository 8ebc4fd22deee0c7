namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Provides the paths of the working copy from which these tests were built.</summary>
internal static class Repository
{
    /// <summary>Gets the directory of <c>build.sh</c>.</summary>
    public static string Path { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>Returns the files in a directory tree, except build output and hidden directories.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="pattern">The pattern of file names.</param>
    public static IEnumerable<string> Files(string directory, string pattern) => Directory.EnumerateFiles(directory, pattern, SearchOption.AllDirectories)
        .Where(file => !System.IO.Path.GetRelativePath(directory, file).Split(System.IO.Path.DirectorySeparatorChar)
            .Any(static part => part is "bin" or "obj" or "artifacts" || part.StartsWith('.')))
        .Order(StringComparer.Ordinal);

    private static string Find(DirectoryInfo? directory)
    {
        while (directory is not null && !File.Exists(System.IO.Path.Combine(directory.FullName, "build.sh")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException($"no directory above {AppContext.BaseDirectory} contains build.sh");
    }
}

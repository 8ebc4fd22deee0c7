namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Finds the working copy from which these tests were built, and files in it.</summary>
internal static class Repository
{
    /// <summary>Gets the root directory of the repository, which contains <c>build.sh</c>.</summary>
    public static string Path { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>Returns the files of a directory and its subdirectories. Skips build output and hidden directories.</summary>
    /// <param name="directory">The directory to search.</param>
    /// <param name="pattern">The pattern that the file names must match.</param>
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

using Ingest.Commands;

namespace Ingest.Serving;

/// <summary>Prepares the directory for the files.</summary>
internal static class OutputDirectory
{
    /// <summary>Checks that files can be written to the directory, by writing a file.</summary>
    /// <exception cref="UsageException">Files cannot be written to the directory.</exception>
    public static string Prepare(string path)
    {
        if (File.Exists(path))
        {
            throw new UsageException($"the directory '{path}' cannot be written: it is a file.");
        }

        try
        {
            string directory = Directory.CreateDirectory(path).FullName;
            string probe = Path.Combine(directory, $".ingest-{Guid.NewGuid():N}");
            using (File.Create(probe, bufferSize: 1, FileOptions.DeleteOnClose))
            {
                return directory;
            }
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            // In /proc, for example, the kernel creates no files or directories. .NET then reports that the path does not exist.
            throw new UsageException($"the directory '{path}' cannot be written: it cannot be created there.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UsageException($"the directory '{path}' cannot be written: {exception.Message}", exception);
        }
    }
}

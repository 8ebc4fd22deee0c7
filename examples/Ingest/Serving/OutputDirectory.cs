using Ingest.Commands;

namespace Ingest.Serving;

/// <summary>The directory that files are written to.</summary>
internal static class OutputDirectory
{
    /// <summary>Makes sure that files can be written there, by writing one.</summary>
    /// <exception cref="UsageException">They cannot.</exception>
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
            // Such as /proc: the kernel refuses to create what .NET then does not find.
            throw new UsageException($"the directory '{path}' cannot be written: it cannot be created there.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new UsageException($"the directory '{path}' cannot be written: {exception.Message}", exception);
        }
    }
}

using System.Globalization;

namespace LogIngest.Demo.Database;

/// <summary>Finds the programs of a PostgreSQL server.</summary>
internal static class PostgresPrograms
{
    public const string Missing = "The PostgreSQL server is not installed. Run as root: apt-get install postgresql";

    private const string DebianRoot = "/usr/lib/postgresql";

    /// <summary>Returns the directory with <c>initdb</c> and <c>postgres</c>; null if there is none.</summary>
    public static string? Find()
    {
        // Debian installs the programs outside the PATH, in one directory for each version.
        IEnumerable<string> debian = Directory.Exists(DebianRoot)
            ? Directory.EnumerateDirectories(DebianRoot)
                .OrderByDescending(static version => int.TryParse(Path.GetFileName(version), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0)
                .Select(static version => Path.Combine(version, "bin"))
            : [];
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return debian.Concat(path).FirstOrDefault(static directory => File.Exists(Path.Combine(directory, "initdb")) && File.Exists(Path.Combine(directory, "postgres")));
    }
}

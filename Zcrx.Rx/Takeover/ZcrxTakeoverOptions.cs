using System.Text;
using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>Configures the takeover from the predecessor and by the successor.</summary>
public sealed record ZcrxTakeoverOptions
{
    // A socket path (sun_path) has at most 107 bytes. The other bytes are for the suffix of a temporary name.
    private const int LongestPath = 90;

    /// <summary>
    /// Gets the Unix socket of the takeover: an absolute path in a directory that belongs to the service, such as
    /// <c>/run/ingest/takeover</c>. At most 90 bytes.
    /// </summary>
    public string Path { get; init; } = "";

    /// <summary>
    /// Gets the time for which each side waits for the next step of the other side. A starting process waits for the offer of its
    /// predecessor. A predecessor waits for its successor to be ready. Above zero, at most a day.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Validates the options without a system call.</summary>
    /// <param name="path">The configuration path of the options for messages, such as <c>Zcrx:Takeover</c>.</param>
    /// <returns>All errors, each with its path; empty when the options are valid.</returns>
    public IReadOnlyList<ZcrxConfigurationError> Validate(string path = "")
    {
        List<ZcrxConfigurationError> errors = [];
        void Check(bool valid, string name, string message)
        {
            if (!valid)
            {
                errors.Add(new ZcrxConfigurationError(path.Length == 0 ? name : $"{path}:{name}", message));
            }
        }

        Check(Path is not null && System.IO.Path.IsPathFullyQualified(Path) && !System.IO.Path.EndsInDirectorySeparator(Path), nameof(Path), $"must be an absolute path of a socket, but is '{Path}'");
        Check(Path is null || Encoding.UTF8.GetByteCount(Path) <= LongestPath, nameof(Path), $"must not be longer than {LongestPath} bytes: the kernel limits the paths of sockets");
        Check(Path?.Contains('\0', StringComparison.Ordinal) != true, nameof(Path), "must not contain a null character");
        Check(Timeout > TimeSpan.Zero && Timeout <= TimeSpan.FromDays(1), nameof(Timeout), $"must be above zero and at most a day, but is {Timeout}");
        return errors;
    }
}

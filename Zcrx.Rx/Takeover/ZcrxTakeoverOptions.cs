using System.Text;
using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>Represents the options for taking over from a predecessor and being taken over by a successor.</summary>
public sealed record ZcrxTakeoverOptions
{
    // The kernel allows 107 bytes in a socket path (sun_path). The difference leaves room for the suffix of a temporary name.
    private const int LongestPath = 90;

    /// <summary>
    /// Gets the path of the Unix socket at which the processes meet. It must be absolute and at most 90 bytes long, and its directory must
    /// belong to the service. Example: <c>/run/ingest/takeover</c>.
    /// </summary>
    public string Path { get; init; } = "";

    /// <summary>
    /// Gets the time limit for each step of the takeover. A new process waits this long for the offer of its predecessor. The predecessor
    /// waits this long until its successor is ready. Must be positive and at most a day.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Validates the options without a system call.</summary>
    /// <param name="path">The configuration path of these options, such as <c>Zcrx:Takeover</c>. Error messages begin with it.</param>
    /// <returns>All errors, each with the path of its option; empty if the options are valid.</returns>
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

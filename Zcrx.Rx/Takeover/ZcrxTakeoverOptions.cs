using System.Text;
using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>Where and how a process takes over from its predecessor, and later hands over to its successor.</summary>
public sealed record ZcrxTakeoverOptions
{
    // sun_path holds 107 bytes; the rest is for a name beside it that is used for a moment.
    private const int LongestPath = 90;

    /// <summary>The Unix socket at which the processes meet: an absolute path in a directory that belongs to the service, such as <c>/run/ingest/takeover</c>. At most 90 bytes.</summary>
    public string Path { get; init; } = "";

    /// <summary>
    /// How long either side waits for the other's next step: a process that starts, for the answer of its predecessor, and a process that hands over,
    /// for its successor to be ready. Above zero, at most a day.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Checks the options without touching the system.</summary>
    /// <param name="path">Where they come from, for the messages, such as <c>Zcrx:Takeover</c>.</param>
    /// <returns>Every error, each with its path; empty when the options are valid.</returns>
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
        Check(Path is null || Encoding.UTF8.GetByteCount(Path) <= LongestPath, nameof(Path), $"must not be longer than {LongestPath} bytes: the kernel's limit for sockets is near");
        Check(Path?.Contains('\0', StringComparison.Ordinal) != true, nameof(Path), "must not contain a null character");
        Check(Timeout > TimeSpan.Zero && Timeout <= TimeSpan.FromDays(1), nameof(Timeout), $"must be above zero and at most a day, but is {Timeout}");
        return errors;
    }
}

namespace Ingest.Commands;

/// <summary>What the program's exit code says.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>It ran, and what it was to do did not succeed.</summary>
    public const int Failure = 1;

    /// <summary>It was told something that cannot work here; nothing was done.</summary>
    public const int Usage = 2;
}

namespace Ingest.Commands;

/// <summary>Defines the exit codes of the program.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The program ran, but its task failed.</summary>
    public const int Failure = 1;

    /// <summary>The command line is invalid or cannot work on this machine. Nothing was done.</summary>
    public const int Usage = 2;
}

namespace Ingest.Commands;

/// <summary>Defines the exit codes of the program.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The program ran, but its task failed.</summary>
    public const int Failure = 1;

    /// <summary>The command line is invalid, or this machine cannot execute it. The program has changed nothing.</summary>
    public const int Usage = 2;
}

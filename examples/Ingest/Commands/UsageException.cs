namespace Ingest.Commands;

/// <summary>Thrown for an error that the user must correct. Its message is one sentence, and only that is shown.</summary>
internal sealed class UsageException : Exception
{
    public UsageException(string message)
        : base(message)
    {
    }

    public UsageException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

namespace Ingest.Commands;

/// <summary>Something that the user has to change. The message is one sentence, and all that is shown.</summary>
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

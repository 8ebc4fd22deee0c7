namespace Ingest.Commands;

/// <summary>Thrown for an error that the user must correct. The program shows only the message, which is one sentence.</summary>
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

namespace Zcrx.Interop;

/// <summary>Represents an exception of another process, of which only the type name and the message are known.</summary>
public sealed class ReportedException : Exception
{
    /// <summary>Initializes the exception from the data that the other process reported.</summary>
    /// <param name="typeName">The name of the exception's type in the other process.</param>
    /// <param name="message">The message of the exception in the other process.</param>
    public ReportedException(string typeName, string message)
        : base(message) => TypeName = typeName;

    /// <summary>Gets the name of the exception's type in the other process.</summary>
    public string TypeName { get; }
}

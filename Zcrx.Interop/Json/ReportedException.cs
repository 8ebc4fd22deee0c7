namespace Zcrx.Interop;

/// <summary>Represents an exception of another process. Only its type name and its message are known.</summary>
public sealed class ReportedException : Exception
{
    /// <summary>Initializes the exception.</summary>
    /// <param name="typeName">The name of the exception's type in the other process.</param>
    /// <param name="message">The message.</param>
    public ReportedException(string typeName, string message)
        : base(message) => TypeName = typeName;

    /// <summary>Gets the name of the exception's type in the other process.</summary>
    public string TypeName { get; }
}

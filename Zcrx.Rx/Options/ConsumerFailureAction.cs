namespace Zcrx.Rx;

/// <summary>
/// Specifies what happens to a connection after its consumer has thrown, or could not cut the stream into frames.
/// </summary>
public enum ConsumerFailureAction
{
    /// <summary>Resets the connection, so that the peer does not take its bytes as processed.</summary>
    Reset,

    /// <summary>Closes the connection in an orderly way, which the peer cannot distinguish from a normal end.</summary>
    Close,
}

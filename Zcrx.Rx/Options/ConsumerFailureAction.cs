namespace Zcrx.Rx;

/// <summary>What happens to a connection whose consumer failed: it threw, or could not cut the stream into frames.</summary>
public enum ConsumerFailureAction
{
    /// <summary>The connection is reset, so that the peer does not believe that its bytes were used.</summary>
    Reset,

    /// <summary>The connection is closed in order. The peer cannot tell it from a normal end.</summary>
    Close,
}

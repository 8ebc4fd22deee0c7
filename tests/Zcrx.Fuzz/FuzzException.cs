namespace Zcrx.Fuzz;

/// <summary>Thrown when an input has an effect that is not documented.</summary>
internal sealed class FuzzException(string message, Exception? cause = null) : Exception(message, cause)
{
    public static void Require(bool condition, string expectation)
    {
        if (!condition)
        {
            throw new FuzzException($"Expectation failed: {expectation}.");
        }
    }
}

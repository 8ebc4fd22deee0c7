namespace Zcrx.Interop;

/// <summary>Describes the outcome of a check.</summary>
public enum PreflightOutcome
{
    /// <summary>The check passed.</summary>
    Passed,

    /// <summary>A queue can be registered all the same, but will be slower, or in others' way; or only trying tells.</summary>
    Warning,

    /// <summary>A registration fails.</summary>
    Obstacle,

    /// <summary>Belongs to the host of this container, where alone it can be seen and changed. A registration may depend on it; trying tells.</summary>
    HostSide,

    /// <summary>Could not be looked at, because of an obstacle before it.</summary>
    Skipped,
}

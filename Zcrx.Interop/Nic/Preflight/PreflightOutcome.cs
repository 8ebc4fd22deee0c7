namespace Zcrx.Interop;

/// <summary>Describes the outcome of a check.</summary>
public enum PreflightOutcome
{
    /// <summary>The check passed.</summary>
    Passed,

    /// <summary>
    /// A queue can be registered, but it will be slower or affect other traffic, or only an attempt shows whether it works.
    /// </summary>
    Warning,

    /// <summary>A registration fails.</summary>
    Obstacle,

    /// <summary>The setting belongs to the host of this container, which alone can read and change it. A registration may depend on it.</summary>
    HostSide,

    /// <summary>Not checked, because of an earlier obstacle.</summary>
    Skipped,
}

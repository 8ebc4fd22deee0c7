namespace Zcrx.Interop;

/// <summary>Describes the outcome of a preflight check.</summary>
public enum PreflightOutcome
{
    /// <summary>The check passed.</summary>
    Passed,

    /// <summary>
    /// A queue can be registered, but will be slower or affect other traffic. It is also the outcome when only an attempt can show whether
    /// a registration succeeds.
    /// </summary>
    Warning,

    /// <summary>A registration would fail.</summary>
    Obstacle,

    /// <summary>
    /// The setting belongs to the host of this container, which alone can read and change it. A registration may depend on it.
    /// </summary>
    HostSide,

    /// <summary>The check was not run, because an earlier check has found an obstacle.</summary>
    Skipped,
}

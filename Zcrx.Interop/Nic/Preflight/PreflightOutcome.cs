namespace Zcrx.Interop;

/// <summary>Describes the outcome of a check.</summary>
public enum PreflightOutcome
{
    /// <summary>The check passed.</summary>
    Passed,

    /// <summary>
    /// A queue can be registered, but will be slower or affect other traffic. Also used when only an attempt can show whether a
    /// registration succeeds.
    /// </summary>
    Warning,

    /// <summary>A registration would fail.</summary>
    Obstacle,

    /// <summary>Only the host of this container can read and change the setting. A registration may depend on the setting.</summary>
    HostSide,

    /// <summary>The check was not run, because of an earlier obstacle.</summary>
    Skipped,
}

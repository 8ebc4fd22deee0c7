namespace Zcrx.Interop.Errors;

/// <summary>From an errno and the facts around it to the exception that explains it. Pure and total: any errno gives one.</summary>
/// <remarks>
/// An errno says little by itself: one −EINVAL of a registration has a dozen causes. The facts (what was asked for, what the kernel says
/// it can do, what the process may do) narrow them down, the most certain first. Every method takes the errno in either sign.
/// </remarks>
internal static class ErrorMap
{
    /// <summary>Why <c>io_uring_setup</c> failed.</summary>
    /// <param name="errno">The result or the errno.</param>
    /// <param name="host">What this process may do.</param>
    public static ZcrxException ForRingSetup(int errno, HostFacts host) => RingErrors.Explain(ErrnoText.Positive(errno), host);

    /// <summary>Why <c>IORING_REGISTER_NAPI</c> failed.</summary>
    /// <param name="errno">The result or the errno.</param>
    /// <param name="host">What this process may do.</param>
    public static ZcrxException ForBusyPolling(int errno, HostFacts host) => RingErrors.ExplainBusyPolling(ErrnoText.Positive(errno), host);

    /// <summary>Why <c>IORING_REGISTER_ZCRX_IFQ</c> failed, for a new queue.</summary>
    /// <param name="errno">The result or the errno.</param>
    /// <param name="facts">What was asked for.</param>
    public static ZcrxException ForRegistration(int errno, RegistrationFacts facts) =>
        RegistrationErrors.Explain(ErrnoText.Positive(errno), facts);

    /// <summary>Why <c>IORING_REGISTER_ZCRX_IFQ</c> failed, for a queue that was exported elsewhere.</summary>
    /// <param name="errno">The result or the errno.</param>
    /// <param name="capabilities">What the kernel says it can do.</param>
    /// <param name="host">What this process may do.</param>
    public static ZcrxException ForImport(int errno, ZcrxCapabilities capabilities, HostFacts host) =>
        ImportErrors.Explain(ErrnoText.Positive(errno), capabilities, host);

    /// <summary>Why <c>IORING_REGISTER_ZCRX_CTRL</c> failed.</summary>
    /// <param name="op">The control operation, <c>ZCRX_CTRL_*</c>.</param>
    /// <param name="errno">The result or the errno.</param>
    public static ZcrxException ForControl(uint op, int errno) => ControlErrors.Explain(op, ErrnoText.Positive(errno));
}

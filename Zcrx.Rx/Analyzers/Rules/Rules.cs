using Microsoft.CodeAnalysis;

namespace Zcrx.Rx.Analyzers;

/// <summary>Lists the rules that this assembly checks. Each has a section in <c>docs/analyzers.md</c>.</summary>
internal static class Rules
{
    /// <summary>Names the category of rules about the ownership and the lifetime of memory.</summary>
    public const string Ownership = "Zcrx.Ownership";

    /// <summary>Names the category of rules about asynchronous code.</summary>
    public const string Reliability = "Zcrx.Reliability";

    /// <summary>Reports a borrowed element that is kept beyond <c>OnNext</c>, or passed to another thread.</summary>
    public static readonly DiagnosticDescriptor BorrowedElementIsKept = new(
        "ZCRX0001",
        "A borrowed buffer or frame must not leave OnNext",
        "'{0}' keeps {1} beyond OnNext, {2}. {3}.",
        Ownership,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "A borrowed buffer or frame is valid inside OnNext only. An operator that keeps it, or passes it to another thread, delivers memory that has been reused since.",
        HelpLink("zcrx0001"));

    /// <summary>Reports an observer that is async void.</summary>
    public static readonly DiagnosticDescriptor ObserverIsAsyncVoid = new(
        "ZCRX0002",
        "An observer must not be async void",
        "{0} is async void. Nothing waits for it, and an exception in it ends the process. {1}.",
        Reliability,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "Observers are called synchronously. An async lambda that becomes an observer is async void: its elements are not awaited, and its exceptions are unhandled.",
        HelpLink("zcrx0002"));

    /// <summary>Reports a lease that is never released.</summary>
    public static readonly DiagnosticDescriptor LeaseIsDropped = new(
        "ZCRX0003",
        "A lease must be disposed or passed on",
        "{0} is neither disposed nor passed on, so its buffer never returns to the pool. {1}.",
        Ownership,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "The owner of a lease releases it exactly once. Each lease that is lost takes a buffer from the pool until its queue is closed.",
        HelpLink("zcrx0003"));

    /// <summary>Reports a borrowed element that is used after an await.</summary>
    public static readonly DiagnosticDescriptor BorrowedElementIsUsedAfterAwait = new(
        "ZCRX0004",
        "A borrowed buffer or frame must not be used after await",
        "'{0}' is a borrowed {1} and is used after await, when its memory is reused. Use Process, whose handler gets a lease, or copy the bytes before the await.",
        Ownership,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        "An async function returns at its first await that has to wait. OnNext then returns as well, and its buffer or frame is no longer valid.",
        HelpLink("zcrx0004"));

    private static string HelpLink(string anchor) => $"docs/analyzers.md#{anchor}";
}

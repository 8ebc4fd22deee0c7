namespace Zcrx.Actors.Tests.Support;

/// <summary>Represents a failure that a test causes.</summary>
internal sealed class CrashException() : Exception("crashed on purpose");

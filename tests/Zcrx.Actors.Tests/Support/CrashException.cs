namespace Zcrx.Actors.Tests.Support;

/// <summary>Represents the failure with which tests crash a ring thread.</summary>
internal sealed class CrashException() : Exception("crashed on purpose");

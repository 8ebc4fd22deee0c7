namespace Zcrx.Actors.Tests.Support;

/// <summary>Crashes a ring thread in tests.</summary>
internal sealed class CrashException() : Exception("crashed on purpose");

namespace Zcrx.Actors.Tests.Support;

/// <summary>What a ring's thread dies of in tests.</summary>
internal sealed class CrashException() : Exception("crashed on purpose");

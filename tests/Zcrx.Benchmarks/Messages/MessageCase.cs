namespace Zcrx.Benchmarks.Messages;

/// <summary>Represents one server together with one load.</summary>
internal readonly record struct MessageCase(string Server, MessageScenario Scenario);

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Represents a reference from one type to another one in a different folder.</summary>
/// <param name="From">The folder of the code that contains the reference.</param>
/// <param name="FromType">The type that contains the reference.</param>
/// <param name="To">The folder that declares the type or member to which the code refers.</param>
/// <param name="ToType">The type to which the code refers, or the type of the member.</param>
internal readonly record struct Reference(string From, string FromType, string To, string ToType);

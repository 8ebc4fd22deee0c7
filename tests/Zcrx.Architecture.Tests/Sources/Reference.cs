namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Represents a reference from one type to another type in a different folder.</summary>
/// <param name="From">The folder of the referring code.</param>
/// <param name="FromType">The type that contains the referring code.</param>
/// <param name="To">The folder that declares the symbol.</param>
/// <param name="ToType">The referenced type, or the type that contains the symbol.</param>
internal readonly record struct Reference(string From, string FromType, string To, string ToType);

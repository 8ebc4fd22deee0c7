namespace Zcrx.Architecture.Tests.Sources;

/// <summary>One type refers to another that is declared in a different folder.</summary>
/// <param name="From">The folder of the code that refers.</param>
/// <param name="FromType">The type that this code belongs to.</param>
/// <param name="To">The folder that declares the symbol.</param>
/// <param name="ToType">The type that is, or has, the symbol.</param>
internal readonly record struct Reference(string From, string FromType, string To, string ToType);

using Microsoft.CodeAnalysis;

namespace Zcrx.Rx.Analyzers;

/// <summary>Finds the overload of <c>Listen</c> whose handler is asynchronous.</summary>
internal static class AsyncListen
{
    /// <summary>Determines whether a method has a parameter for a handler that takes a connection and a token and returns a task.</summary>
    public static bool IsOverload(IMethodSymbol method) => method.Parameters.Any(static parameter =>
        parameter.Type is INamedTypeSymbol { DelegateInvokeMethod: { ReturnType.Name: "Task" or "ValueTask", Parameters: [{ Type.Name: "ZcrxConnection" }, { Type.Name: "CancellationToken" }] } });
}

using Xunit.Abstractions;

namespace Zcrx.Conformance.Runner;

/// <summary>Contains xunit's options by name. An option that is absent has xunit's default.</summary>
internal sealed class RunOptions : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
{
    public const string DisableParallelization = "xunit.execution.DisableParallelization";

    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    public TValue GetValue<TValue>(string name) => _values.TryGetValue(name, out var value) ? (TValue)value! : default!;

    public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
}

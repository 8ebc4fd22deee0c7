using System.Collections.Concurrent;

namespace LogIngest.Reporting;

/// <summary>Tracks the writers that currently cannot store messages, with the reasons, for health and status.</summary>
/// <remarks>Threading: any thread.</remarks>
internal sealed class StoreCondition(TimeProvider time)
{
    private readonly ConcurrentDictionary<int, Failure> _failures = new();

    /// <summary>Gets the failure that has lasted longest; null if every writer can store.</summary>
    public Failure? Oldest => _failures.Values.MinBy(static failure => failure.Since);

    public void Failed(int writer, string reason) =>
        _failures.AddOrUpdate(writer, _ => new Failure(time.GetUtcNow(), reason), (_, before) => before with { Reason = reason });

    public void Succeeded(int writer)
    {
        if (!_failures.IsEmpty)
        {
            _failures.TryRemove(writer, out _);
        }
    }

    /// <summary>Represents a writer that cannot store.</summary>
    /// <param name="Since">The time of the first failed attempt.</param>
    /// <param name="Reason">The error of the last failed attempt.</param>
    internal sealed record Failure(DateTimeOffset Since, string Reason);
}

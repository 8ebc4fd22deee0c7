namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Caches one value for all viewers for a time, so that an additional viewer causes no additional read.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
/// <param name="read">Reads the value.</param>
/// <param name="validFor">How long callers get the same value, from the beginning of its read. A read that takes longer is still
/// shared.</param>
/// <param name="time">The clock.</param>
internal sealed class Cached<T>(Func<Task<T>> read, TimeSpan validFor, TimeProvider time)
{
    private readonly Lock _gate = new();
    private Task<T>? _value;
    private long _readAt;

    public Task<T> GetAsync()
    {
        lock (_gate)
        {
            if (_value is null || _value.IsFaulted || _value.IsCanceled || (_value.IsCompleted && time.GetElapsedTime(_readAt) >= validFor))
            {
                _readAt = time.GetTimestamp();
                _value = read();
            }

            return _value;
        }
    }
}

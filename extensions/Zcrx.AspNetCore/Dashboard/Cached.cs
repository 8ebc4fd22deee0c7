namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Shares one value between several viewers for a while. An additional viewer causes no additional read.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
/// <param name="read">Reads the value.</param>
/// <param name="validFor">How long the value stays valid. Callers share a read in progress regardless of this time.</param>
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

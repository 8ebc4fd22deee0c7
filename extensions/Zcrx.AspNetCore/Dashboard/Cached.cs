namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Holds a value that several viewers share for a while, so that each further viewer costs no further reading.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
/// <param name="read">Reads the value.</param>
/// <param name="validFor">How long it is used. One that is being read is shared in any case.</param>
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

using System.Diagnostics;

namespace Ingest.Values;

/// <summary>Keeps a steady pace, in bytes per second.</summary>
internal static class Pace
{
    /// <summary>Waits while the number of bytes since the start exceeds the pace.</summary>
    /// <param name="bytes">The number of bytes since the start.</param>
    /// <param name="bytesPerSecond">The pace.</param>
    /// <param name="start">The start, as a timestamp of <see cref="Stopwatch"/>.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public static async ValueTask KeepAsync(long bytes, long bytesPerSecond, long start, CancellationToken cancellationToken)
    {
        TimeSpan early = TimeSpan.FromSeconds((double)bytes / bytesPerSecond) - Stopwatch.GetElapsedTime(start);
        if (early > TimeSpan.Zero)
        {
            await Task.Delay(early, cancellationToken);
        }
    }
}

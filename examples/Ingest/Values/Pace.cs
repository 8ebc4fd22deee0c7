using System.Diagnostics;

namespace Ingest.Values;

/// <summary>A steady pace, in bytes per second.</summary>
internal static class Pace
{
    /// <summary>Waits while so many bytes since the start are more than the pace allows.</summary>
    /// <param name="bytes">Bytes since the start.</param>
    /// <param name="bytesPerSecond">The pace.</param>
    /// <param name="start">When it began: a time stamp of <see cref="Stopwatch"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public static async ValueTask KeepAsync(long bytes, long bytesPerSecond, long start, CancellationToken cancellationToken)
    {
        TimeSpan early = TimeSpan.FromSeconds((double)bytes / bytesPerSecond) - Stopwatch.GetElapsedTime(start);
        if (early > TimeSpan.Zero)
        {
            await Task.Delay(early, cancellationToken);
        }
    }
}

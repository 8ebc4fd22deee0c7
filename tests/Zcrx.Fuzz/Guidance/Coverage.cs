using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace Zcrx.Fuzz.Guidance;

/// <summary>
/// Determines which branches an input takes. Instrumented assemblies count them in shared memory, which this class reads.
/// </summary>
internal sealed unsafe class Coverage
{
    // The number of counters. The instrumentation requires the size of AFL's map.
    private const int MapSize = 1 << 16;

    private readonly byte[] _seen = new byte[MapSize];
    private readonly byte* _counters;

    public Coverage()
    {
        _counters = (byte*)NativeMemory.AllocZeroed(MapSize);
        // The counters are never freed, because a thread of the library may still write to them after the run.
        Trace.SharedMem = _counters;
    }

    /// <summary>Gets the number of branches that at least one input has taken.</summary>
    public int Branches => _seen.AsSpan().Length - _seen.AsSpan().Count((byte)0);

    /// <summary>Sets all counters to 0 before an input.</summary>
    public void Clear()
    {
        new Span<byte>(_counters, MapSize).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>
    /// Determines whether the last input took a branch for the first time, or took it far more often than earlier inputs.
    /// </summary>
    public bool HasNew()
    {
        bool isNew = false;
        ReadOnlySpan<byte> counters = new(_counters, MapSize);
        for (int i = counters.IndexOfAnyExcept((byte)0); i >= 0;)
        {
            byte magnitude = (byte)(1 << Magnitude(counters[i]));
            isNew |= (_seen[i] & magnitude) == 0;
            _seen[i] |= magnitude;
            int next = counters[(i + 1)..].IndexOfAnyExcept((byte)0);
            i = next < 0 ? -1 : i + 1 + next;
        }

        return isNew;
    }

    private static int Magnitude(byte count) => count switch { 1 => 0, 2 => 1, 3 => 2, < 8 => 3, < 16 => 4, < 32 => 5, < 128 => 6, _ => 7 };
}

using System.Diagnostics;
using Zcrx.Fuzz.Guidance;
using Zcrx.Fuzz.Support;

namespace Zcrx.Fuzz;

/// <summary>Runs one parser on inputs until the time is over or an input fails.</summary>
/// <param name="target">The parser under test.</param>
/// <param name="options">The time and the seed.</param>
/// <param name="coverage">Detects inputs that reach new code. It is null if the assemblies are not instrumented.</param>
internal sealed class FuzzRun(IFuzzTarget target, FuzzOptions options, Coverage? coverage)
{
    private const long HeapGrowthLimit = 64 << 20;
    private const int DescriptorSlack = 8;
    // After this number of inputs, types, array pools and the thread pool are initialized. Memory must not grow from then on.
    private const int WarmUp = 200;

    private readonly List<byte[]> _corpus = [.. target.Seeds];
    private long _inputs;
    private long _begunAt;
    private byte[]? _current;

    /// <summary>Runs generated inputs until the time is over or an input fails.</summary>
    public FuzzResult Execute()
    {
        using InputRecord record = new(options.Findings, target.Name);
        Exception? failure = null;
        Thread thread = new(() => failure = Catch(() => RunAll(record))) { IsBackground = true, Name = $"fuzz {target.Name}" };
        thread.Start();
        while (!thread.Join(TimeSpan.FromMilliseconds(100)))
        {
            long begun = Volatile.Read(ref _begunAt);
            if (begun != 0 && Stopwatch.GetElapsedTime(begun) > options.HangLimit)
            {
                failure = new FuzzException($"An input did not end within {options.HangLimit.TotalSeconds:0} s.");
                break;
            }
        }

        byte[]? input = failure is null ? null : Volatile.Read(ref _current);
        record.Close(input);
        return new FuzzResult(Interlocked.Read(ref _inputs), _corpus.Count, failure, input);
    }

    /// <summary>Runs one input that was saved by an earlier run.</summary>
    public FuzzResult Replay(byte[] input) => new(1, 0, Catch(() => RunOne(input)), input);

    private static Exception? Catch(Action action)
    {
        try
        {
            action();
            return null;
        }
#pragma warning disable CA1031 // The run reports any exception as a failure.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return exception;
        }
    }

    private void RunAll(InputRecord record)
    {
        Mutator mutator = new(new Random(options.Seed));
        long start = Stopwatch.GetTimestamp();
        long heap = 0;
        int descriptors = 0;
        for (long i = 0; Stopwatch.GetElapsedTime(start) < options.Duration && (options.MaxInputs is not { } most || i < most); i++)
        {
            if (i == WarmUp)
            {
                heap = GC.GetTotalMemory(forceFullCollection: true);
                descriptors = CountDescriptors();
            }

            byte[] input = i < _corpus.Count && i < target.Seeds.Count ? _corpus[(int)i] : mutator.Next(_corpus);
            record.Set(input);
            coverage?.Clear();
            RunOne(input);
            Interlocked.Increment(ref _inputs);
            if (coverage?.HasNew() == true)
            {
                _corpus.Add(input);
            }
        }

        if (heap != 0)
        {
            // The corpus grows on purpose, so its size is subtracted.
            long grown = GC.GetTotalMemory(forceFullCollection: true) - heap - _corpus.Sum(static input => (long)input.Length);
            FuzzException.Require(grown < HeapGrowthLimit, $"the heap grows by less than {HeapGrowthLimit >> 20} MiB in {_inputs} inputs (it grew by {grown >> 20} MiB)");
            int opened = CountDescriptors() - descriptors;
            FuzzException.Require(opened < DescriptorSlack, $"{_inputs} inputs leave no descriptors open ({opened} more than before)");
        }
    }

    private void RunOne(byte[] input)
    {
        Volatile.Write(ref _current, input);
        Volatile.Write(ref _begunAt, Stopwatch.GetTimestamp());
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        target.Run(input);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Volatile.Write(ref _begunAt, 0);
        FuzzException.Require(allocated <= target.AllocationLimit, $"an input of {input.Length} bytes allocates at most {target.AllocationLimit} bytes (it allocated {allocated})");
    }

    private static int CountDescriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
}

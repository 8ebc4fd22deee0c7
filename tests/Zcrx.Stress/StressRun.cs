using System.Diagnostics;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress;

/// <summary>Provides a scenario with its duration, its random numbers and its threads.</summary>
internal sealed class StressRun(StressOptions options) : IDisposable
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly List<Thread> _threads = [];
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _failure;
    private volatile bool _stopped;

    public int Seed => options.Seed;

    public int ThreadCount => options.Threads;

    /// <summary>Gets a value that indicates whether the scenario must end, because the time is over or a thread has failed.</summary>
    public bool IsOver => _stopped || Stopwatch.GetElapsedTime(_start) >= options.Duration;

    /// <summary>Gets a task that completes when a thread has failed.</summary>
    public Task Failed => _failed.Task;

    /// <summary>Starts threads, each of which repeats a step until the scenario ends.</summary>
    /// <param name="step">The step that is repeated.</param>
    /// <param name="isMisuse">True if the step may throw an <see cref="ObjectDisposedException"/>. Any other exception makes the scenario
    /// fail.</param>
    public void Start(Action<Random> step, bool isMisuse)
    {
        for (int i = 0; i < options.Threads; i++)
        {
            Random random = new(options.Seed + i + 1);
            // A background thread does not keep the process alive. If the thread is deadlocked, the process can still report that and end.
            Thread thread = new(() => Repeat(step, random, isMisuse)) { IsBackground = true };
            _threads.Add(thread);
            thread.Start();
        }
    }

    /// <summary>Waits until all threads have ended, and rethrows the first failure.</summary>
    public void Join()
    {
        _stopped = true;
        foreach (Thread thread in _threads)
        {
            if (!thread.Join(Deadline.Limit))
            {
                ThrowIfFailed();
                throw new InvalidOperationException($"Deadlock: a thread did not return within {Deadline.Limit.TotalSeconds} s.");
            }
        }

        ThrowIfFailed();
    }

    /// <summary>Repeats a round until the scenario ends. The number of rounds that run at the same time is the number of threads.</summary>
    /// <param name="round">Runs one round, and returns the number of its operations.</param>
    /// <returns>The total number of operations.</returns>
    public async Task<long> RepeatAsync(Func<Random, Task<int>> round)
    {
        long operations = 0;
        await Task.WhenAll(Enumerable.Range(1, options.Threads).Select(worker => Task.Run(async () =>
        {
            Random random = new(options.Seed + worker);
            while (!IsOver)
            {
                try
                {
                    Interlocked.Add(ref operations, await round(random).ConfigureAwait(false));
                }
#pragma warning disable CA1031 // Any exception makes the scenario fail.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    Fail(exception);
                }
            }
        }))).ConfigureAwait(false);
        ThrowIfFailed();
        return operations;
    }

    /// <summary>Makes the scenario fail and end. Only the first failure is kept.</summary>
    public void Fail(Exception exception)
    {
        Interlocked.CompareExchange(ref _failure, exception, null);
        _stopped = true;
        _failed.TrySetResult();
    }

    /// <summary>
    /// Throws if a thread has failed. A scenario calls it before it reports a failure of its own, which may be a consequence of the
    /// first one.
    /// </summary>
    public void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw new InvalidOperationException(failure.Message, failure);
        }
    }

    public void Dispose() => _stopped = true;

    /// <summary>Throws when a condition does not hold.</summary>
    public static void Require(bool condition, string expectation)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"Expectation failed: {expectation}.");
        }
    }

    private void Repeat(Action<Random> step, Random random, bool isMisuse)
    {
        while (!_stopped)
        {
            try
            {
                step(random);
            }
            catch (ObjectDisposedException) when (isMisuse)
            {
                // The object was used after its end, so this exception is correct.
            }
#pragma warning disable CA1031 // Any other exception makes the scenario fail.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Fail(exception);
            }
        }
    }
}

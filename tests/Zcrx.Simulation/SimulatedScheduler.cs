using System.Reactive.Concurrency;
using System.Reactive.Disposables;

namespace Zcrx.Simulation;

/// <summary>Runs jobs as items of the simulated thread pool.</summary>
/// <param name="threads">The threads of the simulation.</param>
/// <param name="jobs">The number of jobs that the scheduler accepts. It refuses later jobs, as a disposed scheduler does.</param>
internal sealed class SimulatedScheduler(SimulatedThreads threads, int jobs) : LocalScheduler
{
    private int _jobs = jobs;

    public override IDisposable Schedule<TState>(TState state, TimeSpan dueTime, Func<IScheduler, TState, IDisposable> action)
    {
        if (_jobs-- == 0)
        {
            throw new ConsumerException();
        }

        SingleAssignmentDisposable job = new();
        threads.RunOnPool(() =>
        {
            if (!job.IsDisposed)
            {
                job.Disposable = action(this, state);
            }
        });
        return job;
    }
}

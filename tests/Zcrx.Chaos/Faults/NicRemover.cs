using System.Diagnostics;
using Akka.Actor;
using Zcrx.Actors;
using Zcrx.Chaos.Soak;

namespace Zcrx.Chaos.Faults;

/// <summary>Removes a real interface at intervals, and restores it some seconds later.</summary>
internal sealed class NicRemover
{
    // A removal breaks every stream. Between two removals, other faults must meet streams that are not broken.
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Absence = TimeSpan.FromSeconds(3);

    private readonly string _control;
    private readonly ChaosHost _host;
    private readonly ChaosFault _fault;
    private long _since = Stopwatch.GetTimestamp();
    private bool _isRemoved;

    public NicRemover(string control, ChaosHost host, IReadOnlyList<ChaosFault> faults)
    {
        _control = control;
        _host = host;
        _fault = faults.Single(static fault => fault.Name == FaultInjector.Removal);
    }

    /// <summary>Removes or restores the interface when its time has come. The run calls this method periodically.</summary>
    public void Tick()
    {
        if (!_isRemoved && Stopwatch.GetElapsedTime(_since) > Between)
        {
            Run("remove");
            _isRemoved = true;
            _since = Stopwatch.GetTimestamp();
            _fault.Count++;
        }
        else if (_isRemoved && Stopwatch.GetElapsedTime(_since) > Absence)
        {
            Restore();
        }
    }

    public void Restore()
    {
        if (!_isRemoved)
        {
            return;
        }

        Run("restore");
        _isRemoved = false;
        _since = Stopwatch.GetTimestamp();
        foreach (QueueUnderFire queue in _host.Queues)
        {
            _host.Zcrx.Supervisor.Tell(new ZcrxCommand.RestartQueue(queue.Name, TimeSpan.Zero));
        }
    }

    private void Run(string verb)
    {
        using Process process = Process.Start(_control, verb);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{_control} {verb} ended with {process.ExitCode}");
        }
    }
}

using Zcrx.Interop;

namespace Zcrx.Stress.Scenarios;

/// <summary>An interface that goes up and down on all threads while it is watched: the last state that a watcher is told is the interface's.</summary>
internal sealed class LinkScenario : IStressScenario
{
    private const int Changes = 200;
    private const int Togglers = 2;

    public string Name => "link";

    public long Run(StressRun run) => run.RepeatAsync(RoundAsync).GetAwaiter().GetResult();

    private static async Task<int> RoundAsync(Random random)
    {
        EmulatedNic nic = new();
        List<Task> toggling = [];
        for (int i = 0; i < Togglers; i++)
        {
            Random own = new(random.Next());
            toggling.Add(Task.Run(() =>
            {
                for (int j = 0; j < Changes; j++)
                {
                    nic.IsUp = own.Next(2) == 0;
                }
            }));
        }

        List<Watcher> watchers = [];
        for (int i = 0; i < Togglers; i++)
        {
            watchers.Add(new Watcher(nic));
            Thread.SpinWait(random.Next(2_000));
        }

        await Task.WhenAll(toggling);
        LinkState state = nic.IsUp ? LinkState.Up : LinkState.Down;
        foreach (Watcher watcher in watchers)
        {
            watcher.Dispose();
            StressRun.Require(watcher.Last is null || watcher.Last == state, $"the last state that is reported is the interface's, which is {state}");
            StressRun.Require(watcher.AreChanges, "each report is a change");
        }

        return Togglers * Changes;
    }

    private sealed class Watcher : IDisposable
    {
        private readonly IDisposable _watch;

        public Watcher(EmulatedNic nic) => _watch = nic.WatchLink(OnChange);

        /// <summary>The last reported state; null before the first change.</summary>
        public LinkState? Last { get; private set; }

        public bool AreChanges { get; private set; } = true;

        public void Dispose() => _watch.Dispose();

        private void OnChange(LinkChange change)
        {
            AreChanges &= change.State != Last;
            Last = change.State;
        }
    }
}

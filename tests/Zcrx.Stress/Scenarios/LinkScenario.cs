using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>
/// Takes an interface up and down on two threads, while others watch it. The last state that a watcher gets must be the state of the
/// interface.
/// </summary>
internal sealed class LinkScenario : IStressScenario
{
    // A round has few changes, because only the last one is checked. A wrong order of earlier reports goes unnoticed.
    private const int Changes = 8;

    public string Name => "link";

    public long Run(StressRun run) => run.RepeatAsync(RoundAsync).GetAwaiter().GetResult();

    private static async Task<int> RoundAsync(Random random)
    {
        EmulatedNic nic = new();
        List<Watcher> watchers = [new Watcher(nic), new Watcher(nic)];
        Task other = Task.Run(() => Toggle(nic));
        // This thread starts some microseconds after the other one.
        Thread.SpinWait(random.Next(3_000));
        Toggle(nic);
        await other.Within("the interface goes up and down");
        LinkState state = nic.IsUp ? LinkState.Up : LinkState.Down;
        foreach (Watcher watcher in watchers)
        {
            watcher.Dispose();
            StressRun.Require(watcher.Last is null || watcher.Last == state, $"the last state that is reported is the interface's, which is {state}");
            StressRun.Require(watcher.AreChanges, "each report is a change");
        }

        return 2 * Changes;
    }

    private static void Toggle(EmulatedNic nic)
    {
        for (int i = 0; i < Changes; i++)
        {
            nic.IsUp = i % 2 == 0;
        }
    }

    private sealed class Watcher : IDisposable
    {
        private readonly IDisposable _watch;

        public Watcher(EmulatedNic nic) => _watch = nic.WatchLink(OnChange);

        /// <summary>Gets the state that was reported last, or null if none was.</summary>
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

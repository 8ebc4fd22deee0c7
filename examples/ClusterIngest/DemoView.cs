using System.Globalization;
using Spectre.Console;

namespace ClusterIngest;

/// <summary>Shows the demo as lines: four a second on a terminal, where each replaces the last, and one a second in a file.</summary>
internal sealed class DemoView(IAnsiConsole console) : IDemoView
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private TimeSpan _shown = TimeSpan.MinValue;
    private TimeSpan _progressed;
    private long _taken;
    private bool _isOpen;

    public TimeSpan LongestStall { get; private set; }

    private bool IsTerminal => console.Profile.Capabilities.Interactive;

    public void Say(string line)
    {
        if (_isOpen)
        {
            console.WriteLine();
            _isOpen = false;
        }

        console.WriteLine(line);
    }

    public void Show(TimeSpan time, long sent, long total, IReadOnlyList<NodeProcess> nodes)
    {
        long taken = nodes.Skip(1).Sum(static node => node.Numbers[0]);
        if (taken != _taken || taken == 0)
        {
            (_taken, _progressed) = (taken, time);
        }

        LongestStall = time - _progressed > LongestStall ? time - _progressed : LongestStall;
        if (!IsTerminal && time < _shown + Interval && _shown >= TimeSpan.Zero)
        {
            return;
        }

        _shown = time;
        string workers = string.Join("  ", nodes.Skip(1).Select(static node =>
            string.Create(CultureInfo.InvariantCulture, $"{node.Name} {(node.HasEnded ? "ended" : "up")} {node.Numbers[0]:N0}")));
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{time.TotalSeconds,6:F1} s  sent {sent:N0} of {total:N0}  edge {(nodes[0].HasEnded ? "ended" : "up")}  {workers}  chunks sent again {nodes[0].Numbers[1]:N0}");
        if (IsTerminal)
        {
            console.Write($"\r{line}");
            _isOpen = true;
        }
        else
        {
            console.WriteLine(line);
        }
    }
}

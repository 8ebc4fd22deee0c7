using System.Globalization;

namespace ClusterIngest;

/// <summary>
/// Shows the demo as lines of text. A terminal gets four lines a second, and each replaces the previous one. A
/// file gets one line a second.
/// </summary>
/// <param name="output">The output.</param>
/// <param name="isTerminal">Whether the output is a terminal.</param>
internal sealed class DemoView(TextWriter output, bool isTerminal) : IDemoView
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private TimeSpan _shown = TimeSpan.MinValue;
    private TimeSpan _progressed;
    private long _taken;
    private bool _isOpen;

    public TimeSpan LongestStall { get; private set; }

    public void Say(string line)
    {
        if (_isOpen)
        {
            output.WriteLine();
            _isOpen = false;
        }

        output.WriteLine(line);
    }

    public void Show(TimeSpan time, long sent, long total, IReadOnlyList<NodeProcess> edges, IReadOnlyList<NodeProcess> workers)
    {
        long taken = workers.Sum(static node => node.Numbers[0]);
        if (taken != _taken || taken == 0)
        {
            (_taken, _progressed) = (taken, time);
        }

        LongestStall = time - _progressed > LongestStall ? time - _progressed : LongestStall;
        if (!isTerminal && time < _shown + Interval && _shown >= TimeSpan.Zero)
        {
            return;
        }

        _shown = time;
        string stored = string.Join("  ", workers.Select(static node =>
            string.Create(CultureInfo.InvariantCulture, $"{node.Name} {(node.HasEnded ? "ended" : "up")} {node.Numbers[0]:N0}")));
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{time.TotalSeconds,6:F1} s  sent {sent:N0} of {total:N0}  {string.Join("  ", edges.Select(static node => $"{node.Name} {(node.HasEnded ? "ended" : "up")}"))}  {stored}  chunks sent again {edges.Sum(static node => node.Numbers[1]):N0}");
        if (isTerminal)
        {
            output.Write($"\r{line}");
            _isOpen = true;
        }
        else
        {
            output.WriteLine(line);
        }
    }
}

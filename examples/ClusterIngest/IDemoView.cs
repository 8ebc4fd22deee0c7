namespace ClusterIngest;

/// <summary>Shows the demo to the user.</summary>
internal interface IDemoView
{
    /// <summary>Gets the longest time during which the entities stored no frame.</summary>
    TimeSpan LongestStall { get; }

    /// <summary>Writes a line.</summary>
    void Say(string line);

    /// <summary>Shows the progress.</summary>
    void Show(TimeSpan time, long sent, long total, IReadOnlyList<NodeProcess> edges, IReadOnlyList<NodeProcess> workers);
}

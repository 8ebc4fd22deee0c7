using System.Globalization;

namespace ClusterIngest;

/// <summary>Contains the options that every node has.</summary>
/// <param name="Address">The address at which the other nodes reach the node.</param>
/// <param name="StableAfter">How long a partition must last before the split-brain resolver decides.</param>
internal sealed record NodeOptions(string Address, TimeSpan StableAfter)
{
    /// <summary>Returns the options as arguments of a command line.</summary>
    public IEnumerable<string> ToArguments() => ["--address", Address, "--stable-after", StableAfter.TotalSeconds.ToString(CultureInfo.InvariantCulture)];
}

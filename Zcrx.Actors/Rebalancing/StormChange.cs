namespace Zcrx.Actors.Rebalancing;

/// <summary>What a sample has changed.</summary>
internal enum StormChange
{
    None,
    Began,
    Ended,
}

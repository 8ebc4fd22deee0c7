namespace Zcrx.Actors.Streams;

/// <summary>Represents the bounds of what an actor may leave unacknowledged.</summary>
internal sealed record DeliveryBounds(int Messages, long Bytes);

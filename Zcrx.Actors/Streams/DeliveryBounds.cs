namespace Zcrx.Actors.Streams;

/// <summary>Represents what an actor may have unacknowledged.</summary>
internal sealed record DeliveryBounds(int Messages, long Bytes);

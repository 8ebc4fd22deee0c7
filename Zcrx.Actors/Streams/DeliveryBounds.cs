namespace Zcrx.Actors.Streams;

/// <summary>Represents the maximum number of messages and of bytes that an actor may leave unacknowledged.</summary>
internal sealed record DeliveryBounds(int Messages, long Bytes);

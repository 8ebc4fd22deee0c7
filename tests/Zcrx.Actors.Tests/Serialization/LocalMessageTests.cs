using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Tests.Remoting;

namespace Zcrx.Actors.Tests.Serialization;

/// <summary>Tests that messages cannot be serialized, and that the error contains the reason.</summary>
public class LocalMessageTests : TestKit
{
    private static readonly Type[] Types = typeof(ZcrxSupervisor).Assembly.GetTypes();

    [Fact]
    public void Serializing_any_message_fails_with_its_name_and_what_to_do()
    {
        Type[] messages = [.. Types.Where(static type => type.IsAssignableTo(typeof(ILocalMessage)) && !type.IsAbstract && !type.IsAssignableTo(typeof(ZcrxCommand)) && !type.IsAssignableTo(typeof(ZcrxStream)))];
        Assert.True(messages.Length > 50, $"only {messages.Length} messages found");

        Assert.All(messages, type =>
        {
            object message = RuntimeHelpers.GetUninitializedObject(type);
            SerializationException error = Assert.Throws<SerializationException>(() => Serialize(message));
            Assert.Contains(type.Name, error.Message, StringComparison.Ordinal);
            Assert.Contains("copy what it needs into a message of your own", error.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_message_inside_another_one_cannot_be_serialized_either() =>
        Assert.Throws<SerializationException>(() => Serialize(new Envelope(new ZcrxEvent.TookOver(1))));

    [Fact]
    public void Every_message_to_an_actor_is_a_local_message()
    {
        Type[] actors = [.. Types.Where(static type => type.IsAssignableTo(typeof(ActorBase)))];
        Assert.NotEmpty(actors);

        Type[] messages =
        [
            .. actors.SelectMany(static actor => actor.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic)),
            .. Types.Where(static type => type.Namespace == "Zcrx.Actors" && (type.IsAssignableTo(typeof(ZcrxCommand)) || type.IsAssignableTo(typeof(ZcrxReply)) || type.IsAssignableTo(typeof(ZcrxEvent)) || type.Name.EndsWith("Status", StringComparison.Ordinal))),
        ];

        Assert.Empty(messages.Where(static type => !type.IsAssignableTo(typeof(ILocalMessage)) && !type.IsDefined(typeof(CompilerGeneratedAttribute)) && !IsPart.Contains(type.Name) && !IsForOthers.Contains(type.Name)).Select(static type => type.FullName));
    }

    [Fact]
    public void A_command_that_is_serialized_arrives_as_its_name_only() => Assert.All(RemotePeer.Commands, command =>
    {
        object received = Sys.Serialization.FindSerializerForType(typeof(object)).FromBinary<object>(Serialize(command.Value()));
        Assert.Equal(new RemoteCommand(command.Key), received);
    });

    // Parts of messages, which are never sent alone.
    private static readonly HashSet<string> IsPart = ["NotificationStatus", "QueueChange"];

    // Messages for other processes, which have a serializer of their own.
    private static readonly HashSet<string> IsForOthers = ["ZcrxNodeStatus"];

    private byte[] Serialize(object message) => Sys.Serialization.FindSerializerFor(message).ToBinary(message);

    private sealed record Envelope(object Content);
}

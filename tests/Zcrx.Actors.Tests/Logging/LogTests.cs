using System.Reflection;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Logging;

namespace Zcrx.Actors.Tests.Logging;

public class LogTests
{
    private static readonly LoggerMessageAttribute[] Messages =
        [.. typeof(ZcrxLog).GetMethods(BindingFlags.Public | BindingFlags.Static).Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>()];

    [Fact]
    public void Event_ids_are_unique()
    {
        Assert.NotEmpty(Messages);
        Assert.Empty(Messages.GroupBy(static message => message.EventId).Where(static group => group.Count() > 1).Select(static group => group.Key));
    }

    [Fact]
    public void Messages_have_a_text_and_an_id_in_the_range_of_Zcrx()
    {
        Assert.All(Messages, static message =>
        {
            Assert.InRange(message.EventId, 1001, 1999);
            Assert.NotEmpty(message.Message);
        });
        Assert.Equal(Messages.Length, typeof(ZcrxLog).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly).Length);
    }

    [Fact]
    public void Log_messages_are_defined_only_in_ZcrxLog()
    {
        var others = typeof(ZcrxLog).Assembly.GetTypes()
            .Where(static type => type != typeof(ZcrxLog))
            .SelectMany(static type => type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(static method => method.GetCustomAttribute<LoggerMessageAttribute>() is not null);

        Assert.Empty(others);
    }
}

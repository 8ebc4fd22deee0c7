using System.CommandLine;
using Ingest.Values;
using Zcrx.Interop;

namespace Ingest.Commands;

/// <summary>Defines the options that name an interface inside a container, which `lease` and `doctor` share.</summary>
internal sealed class ContainerOption(bool required)
{
    private readonly Option<string?> _container = ValueOption.Create<string?>(
        "--container", "NAMESPACE", "The container's network namespace: a name that `ip netns` lists, the id of a process of the container, or the path of a namespace file.", required, ReadText);

    private readonly Option<string?> _interface = ValueOption.Create<string?>(
        "--container-interface", "IF", "The netkit interface inside the container that the RX queue is leased to.", required, ReadText);

    public void AddTo(Command command)
    {
        command.Add(_container);
        command.Add(_interface);
    }

    /// <summary>Returns the interface, or null when neither option is given.</summary>
    public ContainerInterface? Read(ParseResult parsed) => (parsed.GetValue(_container), parsed.GetValue(_interface)) switch
    {
        ({ } container, { } name) => new ContainerInterface(container, name),
        (null, null) => null,
        _ => throw new UsageException("--container and --container-interface go together: one names the namespace, the other the interface in it."),
    };

    private static string? ReadText(string text, out string? value)
    {
        value = text;
        return text.Length > 0 ? null : "a name";
    }
}

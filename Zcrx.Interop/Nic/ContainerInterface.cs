namespace Zcrx.Interop;

/// <summary>Identifies a network interface inside a container, for a process on the host.</summary>
/// <param name="Container">
/// The container's network namespace. It is given as a name that <c>ip netns</c> lists, the id of a process in the container, or the path
/// of a namespace file.
/// </param>
/// <param name="Interface">The interface's name in the container.</param>
public sealed record ContainerInterface(string Container, string Interface)
{
    /// <summary>Gets the path of the file that represents the container's network namespace.</summary>
    public string NamespacePath =>
        Container.Contains('/', StringComparison.Ordinal) ? Container
        : Container.All(char.IsAsciiDigit) ? $"/proc/{Container}/ns/net"
        : $"/run/netns/{Container}";

    /// <summary>Returns the interface and the container, for messages.</summary>
    /// <returns>For example <c>nkc in cont</c>.</returns>
    public override string ToString() => $"{Interface} in {Container}";
}

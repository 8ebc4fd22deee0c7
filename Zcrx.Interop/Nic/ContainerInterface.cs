namespace Zcrx.Interop;

/// <summary>Names a network interface inside a container, as seen from the host.</summary>
/// <param name="Container">
/// The container's network namespace: a name that <c>ip netns</c> lists, the id of a process of the container, or
/// the path of a namespace file.
/// </param>
/// <param name="Interface">The interface's name in the container.</param>
public sealed record ContainerInterface(string Container, string Interface)
{
    /// <summary>Gets the file of the network namespace.</summary>
    public string NamespacePath =>
        Container.Contains('/', StringComparison.Ordinal) ? Container
        : Container.All(char.IsAsciiDigit) ? $"/proc/{Container}/ns/net"
        : $"/run/netns/{Container}";

    /// <summary>Returns interface and container, for messages.</summary>
    /// <returns>Such as <c>nkc in cont</c>.</returns>
    public override string ToString() => $"{Interface} in {Container}";
}

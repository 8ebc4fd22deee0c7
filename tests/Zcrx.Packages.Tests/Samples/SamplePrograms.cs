using System.Net;
using System.Net.Sockets;
using Zcrx.Packages.Tests.Support;

namespace Zcrx.Packages.Tests.Samples;

/// <summary>
/// Represents the compiled programs of all documents. They listen on one free port instead of the port 9000 of the documents.
/// </summary>
internal sealed class SamplePrograms : IDisposable
{
    private readonly Consumer _consumer;

    private SamplePrograms(Consumer consumer, int port)
    {
        _consumer = consumer;
        Port = port;
    }

    /// <summary>Gets the port on which the programs listen.</summary>
    public int Port { get; }

    /// <summary>Compiles all programs into one project.</summary>
    public static async Task<SamplePrograms> BuildAsync(PackageFolder folder)
    {
        int port = FreePort();
        Consumer consumer = SampleSuite.Project(
            folder,
            SampleSuite.Programs,
            [.. SampleSuite.All.Where(static sample => sample.IsProgram), .. SampleSuite.Stages.SelectMany(static stage => stage.Files)],
            text => WithPort(text, port));
        await consumer.BuildAsync();
        return new SamplePrograms(consumer, port);
    }

    /// <summary>Replaces the port of the documents in a text by <c>Port</c>.</summary>
    public string WithPort(string text) => WithPort(text, Port);

    /// <summary>Starts a program that serves until the test stops it.</summary>
    /// <param name="name">The name of the program to start.</param>
    /// <param name="directory">The working directory, or null for that of this process.</param>
    /// <param name="arguments">The command line arguments of the program.</param>
    public ServerProgram Start(string name, string? directory, params string[] arguments) =>
        new(_consumer.Start(directory, [name, .. arguments]), name, Port);

    /// <summary>Runs a program until it ends, and returns its output. Fails the test if its exit code is not 0.</summary>
    public Task<string> RunAsync(params string[] arguments) => _consumer.RunAsync(arguments);

    public void Dispose() => _consumer.Dispose();

    /// <summary>Returns a port on which nothing listens.</summary>
    /// <remarks>
    /// The port is below the range from which the kernel chooses ports for outgoing connections. Otherwise, another process could get it
    /// later.
    /// </remarks>
    public static int FreePort()
    {
        while (true)
        {
            using TcpListener listener = new(IPAddress.IPv6Any, Random.Shared.Next(10_000, 32_768));
            listener.Server.DualMode = true;
            try
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                // Another program listens on the port.
            }
        }
    }

    private static string WithPort(string text, int port) => text.Replace("9000", $"{port}", StringComparison.Ordinal);
}

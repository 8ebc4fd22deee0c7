using System.Diagnostics;
using Akka.Actor;
using Zcrx.Actors.Tests.Support;

namespace Zcrx.Actors.Tests.Remoting;

/// <summary>Runs a second process with <see cref="RemotePeer"/>. Disposal ends it.</summary>
internal sealed class OtherProcess : IAsyncDisposable
{
    private readonly Process _process;

    private OtherProcess(Process process, string listener) => (_process, Listener) = (process, listener);

    /// <summary>Gets the path of an actor in the other process.</summary>
    public string Listener { get; }

    public static async Task<OtherProcess> StartAsync()
    {
        ProcessStartInfo start = new("dotnet")
        {
            ArgumentList = { typeof(RemotePeer).Assembly.Location, RemotePeer.Argument },
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        Process process = Process.Start(start)!;
        string? ready = await process.StandardOutput.ReadLineAsync().WithinLimit();
        return ready?.Split(' ') is ["ready", { } listener]
            ? new OtherProcess(process, listener)
            : throw new InvalidOperationException($"The other process did not start: {ready ?? "it ended"}");
    }

    /// <summary>Sends a command and returns the result of its Ask.</summary>
    public Task<string> AskAsync(IActorRef target, string command) => SendAsync($"ask {PathOf(target)} {command}");

    /// <summary>Sends a command without a sender.</summary>
    public async Task TellAsync(IActorRef target, string command) => Assert.Equal("told", await SendAsync($"tell {PathOf(target)} {command}"));

    /// <summary>Sends a word and returns the result of its Ask.</summary>
    public Task<string> AskTextAsync(IActorRef target, string text) => SendAsync($"askText {PathOf(target)} {text}");

    /// <summary>Returns a reference to the actor in the other process.</summary>
    public Task<IActorRef> ResolveAsync(ActorSystem system) => system.ActorSelection(Listener).ResolveOne(Eventually.Limit);

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WithinLimit();
        _process.Dispose();
    }

    private static string PathOf(IActorRef actor) => Akka.Serialization.Serialization.SerializedActorPath(actor);

    private async Task<string> SendAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        return await _process.StandardOutput.ReadLineAsync().WithinLimit() ?? throw new InvalidOperationException("The other process has ended.");
    }
}

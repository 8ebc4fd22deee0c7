using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Recipes.Tests.Support;

namespace Recipes.Tests;

/// <summary>Tests the program of the recipes as a process.</summary>
public partial class CommandLineTests
{
    private const int SigTerm = 15;

    [Theory]
    [InlineData("", "Choose a recipe: resp, marketdata, proxy, ingest, upload.")]
    [InlineData("rsp --listen 127.0.0.1:0", "There is no recipe 'rsp'.")]
    [InlineData("resp", "'--listen' is required")]
    [InlineData("resp --listen 6379", "--listen must be ADDRESS:PORT")]
    [InlineData("resp --listen 127.0.0.1:70000", "--listen must be ADDRESS:PORT")]
    [InlineData("resp --listen 127.0.0.1:0 --port 1", "'--port' is not an option")]
    [InlineData("proxy --listen 127.0.0.1:0 --to 127.0.0.1", "--to must be HOST:PORT")]
    [InlineData("ingest --listen 127.0.0.1:0 --workers 0", "--workers must be a number from 1 to 1024")]
    [InlineData("upload --listen 127.0.0.1:0 --directory in --max-length 5x", "--max-length must be a size")]
    public async Task Wrong_command_line_is_refused_with_one_line(string arguments, string expected)
    {
        using StringWriter error = new();
        TextWriter before = Console.Error;
        Console.SetError(error);
        int code;
        try
        {
            code = await RecipesCommandLine.RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }
        finally
        {
            Console.SetError(before);
        }

        string line = Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("recipes: ", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(2, code);
    }

    [Fact]
    public async Task Program_serves_until_it_is_terminated()
    {
        ProcessStartInfo start = new("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "Recipes.dll"), "resp", "--listen", RecipeHost.AnyPort])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        using Process process = Process.Start(start)!;
        try
        {
            string endPoint = await ReadEndPointAsync(process.StandardOutput).Within("the program listens");
            Task<string> rest = process.StandardOutput.ReadToEndAsync();
            Assert.Equal("+PONG\r\n"u8.ToArray(), await Client.ConverseAsync(IPEndPoint.Parse(endPoint), "*1\r\n$4\r\nPING\r\n"u8.ToArray()));

            Assert.Equal(0, Kill(process.Id, SigTerm));
            await process.WaitForExitAsync().Within("the program ends");
            Assert.True(process.ExitCode == 0, $"{process.ExitCode}: {await rest}{await process.StandardError.ReadToEndAsync()}");
        }
        finally
        {
            process.Kill();
        }
    }

    private static async Task<string> ReadEndPointAsync(StreamReader output)
    {
        const string Before = "listening on ";
        StringBuilder seen = new();
        while (await output.ReadLineAsync() is { } line)
        {
            if (line.IndexOf(Before, StringComparison.Ordinal) is var at and >= 0)
            {
                return line[(at + Before.Length)..].TrimEnd('.');
            }

            seen.AppendLine(line);
        }

        throw new InvalidOperationException($"The program ended before it listened: {seen}");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

using System.Collections.Concurrent;
using System.Diagnostics;
using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Child;

/// <summary>Runs this program in a separate process, with a command of <see cref="ChildProgram"/>.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly Thread _reader;
    private readonly BlockingCollection<string> _lines = [];

    public ChildProcess(params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(Path.Combine(AppContext.BaseDirectory, "Zcrx.Conformance"))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.ArgumentList.Add(ChildProgram.Verb);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        // Reads on a thread, because an asynchronous read would leave an epoll instance of the runtime open.
        _reader = new Thread(ReadLines);
        _reader.Start();
    }

    public int Id => _process.Id;

    /// <summary>Waits for a line that begins with a word, and returns the rest of the line.</summary>
    public string Await(string word)
    {
        while (true)
        {
            Assert.True(_lines.TryTake(out string? line, Deadline.Limit), $"the child prints {word} in time");
            Assert.True(line.Length > 0, $"the child ended before it printed {word}");
            if (line.StartsWith(word, StringComparison.Ordinal))
            {
                return line[word.Length..].Trim();
            }
        }
    }

    /// <summary>Sends SIGKILL, and waits for the end of the process.</summary>
    public void Kill()
    {
        _process.Kill();
        Assert.True(_process.WaitForExit(Deadline.Limit), "the child is dead");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        Assert.True(_reader.Join(Deadline.Limit), "the child's output ends");
        _lines.Dispose();
        _process.Dispose();
    }

    /// <summary>Reads the output line by line. An empty line marks the end.</summary>
    private void ReadLines()
    {
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            if (line.Length > 0)
            {
                _lines.Add(line);
            }
        }

        _lines.Add("");
    }
}

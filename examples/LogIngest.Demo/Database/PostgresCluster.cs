using System.Diagnostics;
using System.Globalization;
using LogIngest.Demo.Processes;
using Npgsql;

namespace LogIngest.Demo.Database;

/// <summary>
/// Represents a PostgreSQL server with its own cluster in a temporary directory. The directory also contains the server's socket, and is
/// deleted at the end.
/// </summary>
internal sealed class PostgresCluster : IAsyncDisposable
{
    private const int Port = 54329;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    private readonly string _programs;
    private readonly UnprivilegedUser? _user = UnprivilegedUser.Find();
    private readonly string _directory = Directory.CreateTempSubdirectory("log-ingest-db-").FullName;
    private Process? _server;

    private PostgresCluster(string programs, long? diskSize)
    {
        _programs = programs;
        Disk = diskSize is { } size ? new SmallDisk(Path.Combine(_directory, "disk"), size) : null;
    }

    /// <summary>Gets the separate disk of the database with the messages; null if that database is in the temporary directory.</summary>
    public SmallDisk? Disk { get; }

    /// <summary>Gets a value indicating whether the server is suspended.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>Gets the connection string of the database with the messages.</summary>
    public string ConnectionString => ConnectionStringOf("logs");

    /// <summary>Creates a cluster and starts its server.</summary>
    /// <param name="programs">The directory with the programs of the server.</param>
    /// <param name="diskSize">The size of a separate disk for the database with the messages; null for none.</param>
    public static async Task<PostgresCluster> StartAsync(string programs, long? diskSize = null)
    {
        PostgresCluster cluster = new(programs, diskSize);
        try
        {
            await cluster.CreateAsync();
            await cluster.StartServerAsync();
            await using NpgsqlConnection connection = new(cluster.ConnectionStringOf("postgres"));
            await connection.OpenAsync();
            if (cluster.Disk is { } disk)
            {
                await using NpgsqlCommand tablespace = new($"create tablespace disk location '{disk.Directory}'", connection);
                await tablespace.ExecuteNonQueryAsync();
            }

            await using NpgsqlCommand command = new(cluster.Disk is null ? "create database logs" : "create database logs tablespace disk", connection);
            await command.ExecuteNonQueryAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the server, and returns when it accepts connections.</summary>
    public async Task StartServerAsync()
    {
        _server = Start(Disk, Path.Combine(_programs, "postgres"), "-D", Data, "-k", _directory, "-p", $"{Port}", "-c", "listen_addresses=", "-c", "max_wal_size=4GB", "-c", "log_min_messages=panic");
        Disk?.Attach(_server);
        long began = Stopwatch.GetTimestamp();
        while (!await IsReadyAsync())
        {
            if (_server.HasExited || Stopwatch.GetElapsedTime(began) > StartLimit)
            {
                throw new InvalidOperationException($"The PostgreSQL server in {_programs} did not start. Run its postgres by hand to see why.");
            }
        }
    }

    /// <summary>Stops the server immediately and aborts the transactions of its clients. Committed data stays.</summary>
    public async Task CrashServerAsync()
    {
        ProcessSignals.Send(_server!.Id, ProcessSignals.Quit);
        await _server.WaitForExitAsync().WaitAsync(StopLimit);
    }

    /// <summary>
    /// Suspends all processes of the server with SIGSTOP. Its connections stay open, and no request is answered until <see cref="Resume"/>.
    /// </summary>
    public void Pause()
    {
        // The first process forks the others. It is suspended before they are listed, so that no further process appears.
        ProcessSignals.Send(_server!.Id, ProcessSignals.Stop);
        foreach (int process in ChildrenOfServer())
        {
            ProcessSignals.Send(process, ProcessSignals.Stop);
        }

        IsPaused = true;
    }

    /// <summary>Continues the processes that <see cref="Pause"/> has suspended.</summary>
    public void Resume()
    {
        IsPaused = false;
        foreach (int process in ChildrenOfServer())
        {
            ProcessSignals.Send(process, ProcessSignals.Continue);
        }

        ProcessSignals.Send(_server!.Id, ProcessSignals.Continue);
    }

    /// <summary>Opens a separate connection to the database of the messages.</summary>
    public async Task<NpgsqlConnection> OpenAsync()
    {
        NpgsqlConnection connection = new(ConnectionString + ";Pooling=false;Command Timeout=300");
        await connection.OpenAsync();
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is { HasExited: false })
        {
            if (IsPaused)
            {
                // Resumes the server first, because a suspended process does not end.
                Resume();
            }

            // SIGINT requests a "fast" shutdown, which closes the connections.
            ProcessSignals.Send(_server.Id, ProcessSignals.Interrupt);
            await _server.WaitForExitAsync().WaitAsync(StopLimit);
        }

        _server?.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private string Data => Path.Combine(_directory, "data");

    private string ConnectionStringOf(string database) => $"Host={_directory};Port={Port};Username=logs;Database={database};Timeout=5;Command Timeout=30";

    private async Task CreateAsync()
    {
        if (_user is not null)
        {
            using Process owner = Process.Start("chown", [$"{_user.UserId}:{_user.GroupId}", _directory]);
            await owner.WaitForExitAsync();
        }

        if (Disk is not null)
        {
            Directory.CreateDirectory(Disk.Directory);
        }

        using Process creation = Start(null, Path.Combine(_programs, "initdb"), "-D", Data, "-U", "logs", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions");
        await creation.WaitForExitAsync();
        if (creation.ExitCode != 0)
        {
            throw new InvalidOperationException($"initdb ended with exit code {creation.ExitCode}. Run {_programs}/initdb by hand to see why.");
        }
    }

    private Process Start(SmallDisk? disk, string program, params string[] arguments)
    {
        string[] command = _user?.Wrap(program, arguments) ?? [program, .. arguments];
        command = disk?.Wrap(_user, command) ?? command;
        Process process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            // The unprivileged user of the server may have no access to this process's directory.
            WorkingDirectory = _directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            Environment = { ["LC_ALL"] = "C" },
        })!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private IEnumerable<int> ChildrenOfServer() => File.ReadAllText($"/proc/{_server!.Id}/task/{_server.Id}/children")
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(static id => int.Parse(id, CultureInfo.InvariantCulture));

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            await using NpgsqlConnection connection = new(ConnectionStringOf("postgres") + ";Pooling=false");
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            using PeriodicTimer pause = new(TimeSpan.FromMilliseconds(50));
            await pause.WaitForNextTickAsync();
            return false;
        }
    }
}

Accepts("demo", program: true);

Task("demo")
    .Description("runs examples/Ingest on loopback and checks every byte  [-- arguments for `demo`]")
    .Does(() =>
{
    const string project = "examples/Ingest/Ingest.csproj";
    Build(project);
    // Runs after the summary of the build, so that the result of the demo is the last line.
    lastWords = () => exitCode = Run("dotnet", ["exec", OutputOf(project), "demo", .. PassedThrough()]);
});

Accepts("demo-cluster", program: true);

Task("demo-cluster")
    .Description("runs examples/ClusterIngest: an edge and two workers on loopback, every frame stored once  [-- arguments for `demo`]")
    .Does(() =>
{
    const string project = "examples/ClusterIngest/ClusterIngest.csproj";
    Build(project);
    lastWords = () => exitCode = Run("dotnet", ["exec", OutputOf(project), "demo", .. PassedThrough()]);
});

Accepts("demo-logs", program: true);

Task("demo-logs")
    .Description("runs examples/LogIngest under load and counts what PostgreSQL has  [-- connections [seconds] [--rate N] [--pause-database seconds]]")
    .Does(() =>
{
    const string project = "examples/LogIngest.Demo/LogIngest.Demo.csproj";
    Build(project);
    if (!HasPostgres() && Run("eng/apt-install.sh", "postgresql") != 0)
    {
        throw new CakeException("The PostgreSQL server is not installed, and could not be installed. Run as root: apt-get install postgresql");
    }

    lastWords = () => exitCode = Run("dotnet", ["exec", OutputOf(project), .. PassedThrough()]);
});

// Debian installs the server in a directory that is not in the PATH.
bool HasPostgres() => GetFiles("/usr/lib/postgresql/*/bin/initdb").Count > 0 || Context.Tools.Resolve("initdb") is not null;

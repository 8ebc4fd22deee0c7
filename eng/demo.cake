Accepts("demo", program: true);

Task("demo")
    .Description("runs examples/Ingest on loopback and checks every byte  [-- arguments for `demo`]")
    .Does(() =>
{
    const string project = "examples/Ingest/Ingest.csproj";
    Build(project);
    // After the build's own summary: the demo's verdict is the last line.
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

using System.Runtime.Versioning;
using ClusterIngest;

// Signals and network namespaces of the demo.
[assembly: SupportedOSPlatform("linux")]

return await ClusterIngestCommandLine.RunAsync(args);

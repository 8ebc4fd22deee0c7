using System.Runtime.Versioning;
using ClusterIngest;

// The demo uses signals and network namespaces of Linux.
[assembly: SupportedOSPlatform("linux")]

return await ClusterIngestCommandLine.RunAsync(args);

using ClusterIngest;

return await ClusterIngestCommandLine.RunAsync(args);

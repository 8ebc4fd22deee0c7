using Ingest.Commands;

return await IngestCommandLine.RunAsync(args);

using LogIngest.Service;

await LogIngestService.Create(args).RunAsync();

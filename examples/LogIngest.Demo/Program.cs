using LogIngest.Demo;

return await DemoCommandLine.RunAsync(args);

using Zcrx.Chaos;

return await ChaosCommandLine.RunAsync(args);

using Zcrx.Stress;

return StressCommandLine.Run(args);

using Zcrx.Fuzz;

return FuzzCommandLine.Run(args);

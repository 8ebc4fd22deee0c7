using Zcrx.Simulation;

return SimulationCommandLine.Run(args);

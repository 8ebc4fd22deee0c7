using System.CommandLine;

var root = new RootCommand("Receives TCP streams with Zcrx.");
return await root.Parse(args).InvokeAsync().ConfigureAwait(false);

// Runs the sample whose name is the first argument.
Type? sample = typeof(Program).Assembly.GetType($"Samples.{args[0]}.Body");
return await (Task<int>)sample!.GetMethod("SampleAsync")!.Invoke(null, [args[1..]])!;

// Runs the sample that the first argument names.
Type? sample = typeof(Program).Assembly.GetType($"Samples.{args[0]}.Body");
return await (Task<int>)sample!.GetMethod("SampleAsync")!.Invoke(null, [args[1..]])!;

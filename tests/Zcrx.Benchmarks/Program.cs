using BenchmarkDotNet.Running;

// Without arguments all of them, rather than a question to the terminal.
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args.Length == 0 ? ["--filter", "*"] : args);

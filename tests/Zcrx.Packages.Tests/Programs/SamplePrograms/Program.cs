// Runs the sample whose name is the first argument. With `--facts`, runs the tests in that sample.
using System.Reflection;

Type sample = typeof(Program).Assembly.GetType($"Samples.{args[0]}.Body", throwOnError: true)!;
if (args is [_, "--facts"])
{
    MethodInfo[] facts = [.. sample.GetNestedTypes().SelectMany(static type => type.GetMethods()).Where(static method => method.IsDefined(typeof(Xunit.FactAttribute)))];
    foreach (MethodInfo fact in facts)
    {
        await (Task)fact.Invoke(Activator.CreateInstance(fact.DeclaringType!), [])!;
        Console.WriteLine($"passed: {fact.Name}");
    }

    return facts.Length > 0 ? 0 : 1;
}

return await (Task<int>)sample.GetMethod("SampleAsync")!.Invoke(null, [args[1..]])!;

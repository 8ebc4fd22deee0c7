namespace Zcrx.Benchmarks;

/// <summary>Finds the compiled C programs of <c>Limits/</c>. The build compiles them if the machine has a C compiler.</summary>
internal static class Limit
{
    public static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "limits", name);

    /// <exception cref="InvalidOperationException">The program does not exist.</exception>
    public static void Require(string program)
    {
        if (!File.Exists(program))
        {
            throw new InvalidOperationException($"{program} does not exist: the build found no C compiler. Install gcc and libc6-dev, and build again.");
        }
    }
}

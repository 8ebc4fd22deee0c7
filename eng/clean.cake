// Deletes all build output.
Task("clean")
    .Description("deletes bin, obj and artifacts")
    .Does(() =>
{
    var settings = new DeleteDirectorySettings { Recursive = true, Force = true };
    foreach (var project in GetFiles("./Zcrx.*/**/*.csproj") + GetFiles("./examples/*/*.csproj") + GetFiles("./tests/*/*.csproj"))
    {
        foreach (var name in new[] { "bin", "obj" })
        {
            var directory = project.GetDirectory().Combine(name);
            if (DirectoryExists(directory))
            {
                DeleteDirectory(directory, settings);
            }
        }
    }

    if (DirectoryExists(artifacts))
    {
        DeleteDirectory(artifacts, settings);
    }
});

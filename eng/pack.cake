Task("pack")
    .Description("packs the libraries into artifacts/packages")
    .Does(() =>
{
    var packages = artifacts.Combine("packages");
    CleanDirectory(packages);
    foreach (var library in new[] { "Zcrx.Interop", "Zcrx.Rx", "Zcrx.Actors", "extensions/Zcrx.AspNetCore" })
    {
        if (Run("dotnet", "pack", $"{library}/{System.IO.Path.GetFileName(library)}.csproj", "--configuration", Configuration, "--output", packages.FullPath, "--nologo", "--verbosity", "quiet") != 0)
        {
            throw new CakeException($"{library} does not pack; the errors are above.");
        }
    }

    foreach (var package in GetFiles(packages + "/*.*nupkg").OrderBy(file => file.FullPath, StringComparer.Ordinal))
    {
        Console.WriteLine($"artifacts/packages/{package.GetFilename()}  {new System.IO.FileInfo(package.FullPath).Length:N0} bytes");
    }
});

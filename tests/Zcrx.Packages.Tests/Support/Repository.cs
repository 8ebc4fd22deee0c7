using System.Reflection;
using System.Xml.Linq;

namespace Zcrx.Packages.Tests.Support;

/// <summary>Provides facts about the working copy from which these tests were built.</summary>
internal static class Repository
{
    /// <summary>Gets the root directory of the repository, which contains <c>build.sh</c>.</summary>
    public static string Path { get; } = Find(new DirectoryInfo(AppContext.BaseDirectory));

    /// <summary>Gets the build configuration of these tests. The libraries are built with the same one.</summary>
    public static string Configuration { get; } = typeof(Repository).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    /// <summary>Returns a version from <c>Directory.Packages.props</c>.</summary>
    /// <param name="property">The name of the property that contains the version.</param>
    public static string VersionOf(string property) =>
        XDocument.Load(System.IO.Path.Combine(Path, "Directory.Packages.props")).Descendants(property).Single().Value;

    /// <summary>Returns the version of a package from <c>Directory.Packages.props</c>.</summary>
    /// <param name="package">The id of the package.</param>
    public static string PackageVersionOf(string package) => XDocument.Load(System.IO.Path.Combine(Path, "Directory.Packages.props"))
        .Descendants("PackageVersion").Single(version => (string?)version.Attribute("Include") == package).Attribute("Version")!.Value;

    private static string Find(DirectoryInfo? directory)
    {
        while (directory is not null && !File.Exists(System.IO.Path.Combine(directory.FullName, "build.sh")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException($"no directory above {AppContext.BaseDirectory} contains build.sh");
    }
}

using Zcrx.Packages.Tests.Support;

namespace Zcrx.Packages.Tests;

/// <summary>Restores, builds and runs projects that reference the packages, as those of users do.</summary>
[Collection(PackageSuite.Name)]
public class ConsumerTests(PackageFolder folder)
{
    [Fact]
    public async Task Program_that_uses_the_package_Rx_receives_every_byte_and_is_analyzed()
    {
        // The program uses a type of Zcrx.Interop without a using directive, because the package adds an implicit one.
        using Consumer consumer = new(folder, "Receive", ("Zcrx.Rx", folder.Packages["Zcrx.Rx"].Version));

        string build = await consumer.BuildAsync();
        string output = await consumer.RunAsync();

        Assert.Equal("4194304 bytes, equal", output);
        Assert.Contains("warning ZCRX0003", build, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_that_uses_the_package_Actors_receives_every_frame_and_stops()
    {
        using Consumer consumer = new(
            folder,
            "Supervised",
            ("Zcrx.Actors", folder.Packages["Zcrx.Actors"].Version),
            ("Microsoft.Extensions.Hosting", Repository.VersionOf("ExtensionsVersion")));

        await consumer.BuildAsync();
        string output = await consumer.RunAsync();

        Assert.EndsWith("1000 of 1000 frames", output, StringComparison.Ordinal);
    }
}

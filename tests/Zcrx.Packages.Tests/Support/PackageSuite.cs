namespace Zcrx.Packages.Tests.Support;

/// <summary>Contains all tests of this suite. They share one <see cref="PackageFolder"/>.</summary>
[CollectionDefinition(Name)]
public sealed class PackageSuite : ICollectionFixture<PackageFolder>
{
    public const string Name = "packages";
}

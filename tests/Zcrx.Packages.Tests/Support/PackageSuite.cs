namespace Zcrx.Packages.Tests.Support;

/// <summary>Represents the collection of all tests of this suite. They share one <see cref="PackageFolder"/>.</summary>
[CollectionDefinition(Name)]
public sealed class PackageSuite : ICollectionFixture<PackageFolder>
{
    public const string Name = "packages";
}

namespace Zcrx.Packages.Tests.Support;

/// <summary>Represents the collection of all tests of this suite, for which the libraries are packed once.</summary>
[CollectionDefinition(Name)]
public sealed class PackageSuite : ICollectionFixture<PackageFolder>
{
    public const string Name = "packages";
}

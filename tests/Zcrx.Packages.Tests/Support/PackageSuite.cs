namespace Zcrx.Packages.Tests.Support;

/// <summary>All tests of this suite: the libraries are packed once.</summary>
[CollectionDefinition(Name)]
public sealed class PackageSuite : ICollectionFixture<PackageFolder>
{
    public const string Name = "packages";
}

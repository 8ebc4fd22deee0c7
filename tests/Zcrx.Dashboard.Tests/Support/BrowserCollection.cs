namespace Zcrx.Dashboard.Tests.Support;

/// <summary>Shares one browser between all tests that need one. These tests run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class BrowserCollection : ICollectionFixture<Browser>
{
    public const string Name = "browser";
}

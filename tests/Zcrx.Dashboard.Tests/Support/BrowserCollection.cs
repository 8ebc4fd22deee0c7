namespace Zcrx.Dashboard.Tests.Support;

/// <summary>Shares one browser between all tests that need one, and runs one such test at a time.</summary>
[CollectionDefinition(Name)]
public sealed class BrowserCollection : ICollectionFixture<Browser>
{
    public const string Name = "browser";
}

namespace Zcrx.Dashboard.Tests.Support;

/// <summary>One browser for all tests that need one, and one such test at a time.</summary>
[CollectionDefinition(Name)]
public sealed class BrowserCollection : ICollectionFixture<Browser>
{
    public const string Name = "browser";
}

namespace LogIngest.Storing;

/// <summary>Opens the stores of the writers.</summary>
internal interface ILogStores
{
    /// <summary>Opens a store.</summary>
    /// <param name="writer">The number of the writer, from 0.</param>
    ILogStore Open(int writer);
}

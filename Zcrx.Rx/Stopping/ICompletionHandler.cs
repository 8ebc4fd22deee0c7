namespace Zcrx.Rx.Stopping;

/// <summary>Handles the completions that a ring has posted. Ring thread only.</summary>
internal interface ICompletionHandler
{
    void HandleAll();
}

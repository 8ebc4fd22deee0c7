namespace Zcrx.Rx.Stopping;

/// <summary>Handles the completions that the kernel has posted to a ring. Ring thread only.</summary>
internal interface ICompletionHandler
{
    void HandleAll();
}

using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>
/// Determines whether a user may send commands. It is metadata of the endpoints of the commands and finds them by itself.
/// </summary>
internal sealed class CommandAuthorization
{
    /// <summary>Evaluates the authorization of the commands for the user of a request to another endpoint.</summary>
    /// <remarks>The page asks for a token only if it may have one. A refused request would be an error on the browser's console.</remarks>
    public async Task<bool> AllowsAsync(HttpContext context)
    {
        IServiceProvider services = context.RequestServices;
        // Conventions can be added until the endpoints are built, so they are read from the built endpoint.
        EndpointMetadataCollection metadata = services.GetRequiredService<EndpointDataSource>().Endpoints.First(endpoint => endpoint.Metadata.Contains(this)).Metadata;
        if (metadata.GetMetadata<IAllowAnonymous>() is not null || services.GetService<IAuthorizationPolicyProvider>() is not { } policies)
        {
            return true;
        }

        // The same steps as in the authorization middleware, which decides about the commands themselves.
        AuthorizationPolicyBuilder required = new();
        if (await AuthorizationPolicy.CombineAsync(policies, metadata.GetOrderedMetadata<IAuthorizeData>(), metadata.GetOrderedMetadata<AuthorizationPolicy>()).ConfigureAwait(false) is { } combined)
        {
            required.Combine(combined);
        }

        required.AddRequirements([.. metadata.GetOrderedMetadata<IAuthorizationRequirementData>().SelectMany(static data => data.GetRequirements())]);
        if (required.Requirements.Count == 0)
        {
            return true;
        }

        AuthorizationPolicy policy = required.Build();
        IPolicyEvaluator evaluator = services.GetRequiredService<IPolicyEvaluator>();
        PolicyAuthorizationResult result = await evaluator.AuthorizeAsync(policy, await evaluator.AuthenticateAsync(policy, context).ConfigureAwait(false), context, context).ConfigureAwait(false);
        return result.Succeeded;
    }
}

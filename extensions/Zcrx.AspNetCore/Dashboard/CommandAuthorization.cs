using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>
/// Determines whether a user may send commands. The endpoints of the commands have this object as metadata, so that it finds them.
/// </summary>
internal sealed class CommandAuthorization
{
    /// <summary>Evaluates the authorization of the commands for the user of a request to another endpoint.</summary>
    /// <remarks>
    /// The page requests a token only if its user may have one, because a refused request is an error in the browser's console.
    /// </remarks>
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

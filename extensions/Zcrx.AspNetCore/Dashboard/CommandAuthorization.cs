using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>
/// Determines whether a user may send commands. Finds the endpoints of the commands by their metadata, which contains this object.
/// </summary>
internal sealed class CommandAuthorization
{
    /// <summary>Determines whether the user of a request may send commands. The request itself is not for a command.</summary>
    /// <remarks>
    /// The page requests an antiforgery token only if the result is true. A refused request would be an error in the browser's console.
    /// </remarks>
    public async Task<bool> AllowsAsync(HttpContext context)
    {
        IServiceProvider services = context.RequestServices;
        // Conventions can add requirements until the endpoints are built, so the requirements are read from the built endpoint.
        EndpointMetadataCollection metadata = services.GetRequiredService<EndpointDataSource>().Endpoints.First(endpoint => endpoint.Metadata.Contains(this)).Metadata;
        if (metadata.GetMetadata<IAllowAnonymous>() is not null || services.GetService<IAuthorizationPolicyProvider>() is not { } policies)
        {
            return true;
        }

        // These steps are those by which the authorization middleware later decides about a command. The results are therefore the same.
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

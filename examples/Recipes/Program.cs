using Recipes;

return await RecipesCommandLine.RunAsync(args);

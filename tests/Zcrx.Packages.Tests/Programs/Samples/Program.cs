// Fragments are compiled, not run.
return 0;

// Fragments are only compiled, so this program does nothing.
return 0;

// Loads the targets of the build. The targets are in files by subject under eng/. Add a new target there, and load its file here.
#load "eng/common.cake"
#load "eng/demo.cake"
#load "eng/simulate.cake"
#load "eng/vm.cake"
#load "eng/test.cake"
#load "eng/bench.cake"
#load "eng/fuzz.cake"
#load "eng/mutate.cake"
#load "eng/pack.cake"
#load "eng/api.cake"
#load "eng/docs.cake"
#load "eng/clean.cake"

// Loaded last, because it lists and runs the targets above.
#load "eng/main.cake"

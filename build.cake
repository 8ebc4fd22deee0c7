// The build. Each target lives in a file of its own subject under eng/; add yours there and load it here.
#load "eng/common.cake"
#load "eng/demo.cake"
#load "eng/simulate.cake"
#load "eng/vm.cake"
#load "eng/test.cake"
#load "eng/bench.cake"
#load "eng/fuzz.cake"
#load "eng/pack.cake"
#load "eng/api.cake"
#load "eng/docs.cake"
#load "eng/clean.cake"

// Last: it knows all the targets above.
#load "eng/main.cake"

// libtorch already uses every core; test classes side by side would only compete for them.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]

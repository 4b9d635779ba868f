using System.Runtime.CompilerServices;

// As in the product (its Hooks/IgnoresAccessChecks.cs): a transformer of ML.NET is made of its internals.
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]

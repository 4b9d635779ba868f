using System.Runtime.CompilerServices;

// ML.NET keeps what a trainer outside its own assemblies needs internal. eng/MLNetInternals.targets lets the compiler see
// it; these lines make the runtime accept it, against the original DLLs.
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]

namespace System.Runtime.CompilerServices;

/// <summary>
/// Known to the .NET runtime by this name, but declared nowhere in the framework: an assembly that carries it may use the
/// internals of the assembly named, as if that one had declared it a friend.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    public string AssemblyName { get; } = assemblyName;
}

namespace PublicTests.Distribution;

/// <summary>A test with Open MPI.</summary>
internal sealed class MpiFactAttribute : FactAttribute
{
    public const string Launcher = "/usr/bin/mpirun";

    public MpiFactAttribute() => Skip = DebianPackages.FindMissing(["openmpi-bin"], [Launcher]);
}

namespace PublicTests.Distribution;

/// <summary>A test with Open MPI on two hosts, which root can make of network namespaces.</summary>
internal sealed class TwoHostsFactAttribute : FactAttribute
{
    public TwoHostsFactAttribute() => Skip = Environment.UserName == "root"
        ? DebianPackages.FindMissing(["openmpi-bin", "iproute2", "python3"], [MpiFactAttribute.Launcher, "/usr/sbin/ip", "/usr/bin/python3"])
        : "Only root can make network namespaces.";
}

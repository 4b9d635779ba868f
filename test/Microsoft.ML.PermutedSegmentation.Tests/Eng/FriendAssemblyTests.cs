using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using PermutedSegmentation.BuildTool;
using Xunit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class FriendAssemblyTests : IDisposable
{
    private static readonly string MLCore = typeof(SchemaShape).Assembly.Location;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    private string Target => Path.Combine(_folder.FullName, "deeper", "copy.dll");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Copy_names_the_friend_in_place_of_another_and_is_the_same_assembly_otherwise()
    {
        byte[] before = File.ReadAllBytes(MLCore);

        FriendAssembly.Write(MLCore, Target, "Some.Friend", ["Microsoft.ML.SchemaShape+Column::.ctor", "Microsoft.ML.ModelSaveContext"]);

        string[] oldFriends = ReadFriends(MLCore);
        string[] newFriends = ReadFriends(Target);
        Assert.Equal(["Some.Friend"], newFriends.Except(oldFriends));
        Assert.Single(oldFriends.Except(newFriends));
        Assert.Equal(oldFriends.Length, newFriends.Length);
        Assert.Equal(AssemblyName.GetAssemblyName(MLCore).FullName, AssemblyName.GetAssemblyName(Target).FullName);
        Assert.Equal(before, File.ReadAllBytes(MLCore));
        Assert.Equal(before.Length, new FileInfo(Target).Length);
    }

    [Fact]
    public void Names_every_expected_internal_that_is_missing_and_writes_nothing()
    {
        var exception = Assert.Throws<BuildToolException>(() => FriendAssembly.Write(
            MLCore, Target, "Some.Friend", ["Microsoft.ML.NoSuchType", "Microsoft.ML.SchemaShape+Column::.ctor", "Microsoft.ML.SchemaShape+Column::Gone"]));

        Assert.Equal("PS0002", exception.Code);
        Assert.Contains("no Microsoft.ML.NoSuchType, no Microsoft.ML.SchemaShape+Column::Gone;", exception.Message);
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public void Refuses_an_assembly_without_friends()
    {
        string friendless = typeof(FactAttribute).Assembly.Location;
        Assert.Empty(ReadFriends(friendless));

        var exception = Assert.Throws<BuildToolException>(() => FriendAssembly.Write(friendless, Target, "Some.Friend", []));

        Assert.Equal("PS0003", exception.Code);
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public void Refuses_a_name_that_does_not_fit()
    {
        var exception = Assert.Throws<BuildToolException>(() => FriendAssembly.Write(MLCore, Target, new string('x', 1000), []));

        Assert.Equal("PS0003", exception.Code);
    }

    private static string[] ReadFriends(string path)
    {
        using var peReader = new PEReader(File.OpenRead(path));
        MetadataReader metadata = peReader.GetMetadataReader();
        var friends = new List<string>();
        foreach (CustomAttribute attribute in metadata.GetAssemblyDefinition().GetCustomAttributes().Select(metadata.GetCustomAttribute))
        {
            if (attribute.Constructor.Kind != HandleKind.MemberReference)
                continue;
            MemberReference constructor = metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor);
            TypeReference type = metadata.GetTypeReference((TypeReferenceHandle)constructor.Parent);
            if (metadata.GetString(type.Name) != "InternalsVisibleToAttribute")
                continue;
            BlobReader value = metadata.GetBlobReader(attribute.Value);
            Assert.Equal(1, value.ReadUInt16());
            friends.Add(value.ReadSerializedString()!);
        }
        return [.. friends];
    }
}

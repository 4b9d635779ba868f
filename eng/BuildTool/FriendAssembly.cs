using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text;

namespace PermutedSegmentation.BuildTool;

/// <summary>
/// Makes a copy of an assembly that names one more friend, for compiling against: the friend then sees its internals,
/// by the compiler's ordinary rules.
/// </summary>
/// <remarks>
/// One of the <c>InternalsVisibleTo</c> attributes that the assembly already has is overwritten in place, so nothing in
/// the file moves. The friend that it named loses its access, in the copy only.
/// </remarks>
internal static class FriendAssembly
{
    private const ushort AttributeProlog = 0x0001;

    public static void Write(string source, string target, string friend, IReadOnlyList<string> expectedMembers)
    {
        byte[] image = File.ReadAllBytes(source);
        using (var peReader = new PEReader(new MemoryStream(image, writable: false)))
        {
            MetadataReader metadata = peReader.GetMetadataReader();
            RequireMembers(metadata, expectedMembers, source);
            (int offset, int length) = FindFriendAttribute(metadata, friend, source);
            int start = peReader.PEHeaders.MetadataStartOffset + metadata.GetHeapMetadataOffset(HeapIndex.Blob) + offset;
            WriteAttribute(image.AsSpan(start, length), friend);
        }
        FileWriter.Replace(target, image);
    }

    /// <summary>Fails for a type (<c>Namespace.Type</c>) or member (<c>Namespace.Type::Member</c>) that is not there.</summary>
    private static void RequireMembers(MetadataReader metadata, IReadOnlyList<string> expectedMembers, string source)
    {
        var known = new HashSet<string>();
        foreach (TypeDefinition type in metadata.TypeDefinitions.Select(metadata.GetTypeDefinition))
        {
            string typeName = GetFullName(metadata, type);
            known.Add(typeName);
            known.UnionWith(type.GetMethods().Select(
                method => $"{typeName}::{metadata.GetString(metadata.GetMethodDefinition(method).Name)}"));
            known.UnionWith(type.GetFields().Select(
                field => $"{typeName}::{metadata.GetString(metadata.GetFieldDefinition(field).Name)}"));
        }

        string[] missing = [.. expectedMembers.Where(member => !known.Contains(member))];
        if (missing.Length > 0)
        {
            throw new BuildToolException("PS0002",
                $"{source} has no {string.Join(", no ", missing)}; this version of ML.NET is not the one that the code was checked with, see eng/README.md");
        }
    }

    private static string GetFullName(MetadataReader metadata, TypeDefinition type)
    {
        string name = metadata.GetString(type.Name);
        if (type.IsNested)
            return $"{GetFullName(metadata, metadata.GetTypeDefinition(type.GetDeclaringType()))}+{name}";
        return $"{metadata.GetString(type.Namespace)}.{name}";
    }

    /// <summary>The roomiest of the assembly's friend attributes: where its value lies in the blob heap.</summary>
    private static (int Offset, int Length) FindFriendAttribute(MetadataReader metadata, string friend, string source)
    {
        BlobHandle roomiest = metadata.GetAssemblyDefinition().GetCustomAttributes()
            .Select(metadata.GetCustomAttribute)
            .Where(attribute => IsInternalsVisibleTo(metadata, attribute))
            .Select(attribute => attribute.Value)
            .OrderByDescending(value => metadata.GetBlobReader(value).Length)
            .FirstOrDefault();
        int length = roomiest.IsNil ? 0 : metadata.GetBlobReader(roomiest).Length;
        if (length < EncodeAttribute(friend).Length)
        {
            throw new BuildToolException("PS0003",
                $"{source} has no InternalsVisibleTo attribute with room for '{friend}', see eng/README.md");
        }

        // A blob begins with its length, in 1, 2 or 4 bytes (ECMA-335, II.24.2.4).
        int prefix = length < 0x80 ? 1 : length < 0x4000 ? 2 : 4;
        return (metadata.GetHeapOffset(roomiest) + prefix, length);
    }

    private static bool IsInternalsVisibleTo(MetadataReader metadata, CustomAttribute attribute) =>
        attribute.Constructor.Kind == HandleKind.MemberReference
        && metadata.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent is { Kind: HandleKind.TypeReference } parent
        && metadata.StringComparer.Equals(metadata.GetTypeReference((TypeReferenceHandle)parent).Name, "InternalsVisibleToAttribute");

    /// <summary>What is left over behind the new value stays zero: the end of an attribute's value is not checked.</summary>
    private static void WriteAttribute(Span<byte> value, string friend)
    {
        value.Clear();
        EncodeAttribute(friend).CopyTo(value);
    }

    /// <summary>The value of an attribute with one string (ECMA-335, II.23.3).</summary>
    private static byte[] EncodeAttribute(string text)
    {
        var builder = new BlobBuilder();
        builder.WriteUInt16(AttributeProlog);
        builder.WriteSerializedString(text);
        builder.WriteUInt16(0); // named arguments
        return builder.ToArray();
    }
}

using System.Reflection;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Where an assembly uses what other assemblies keep internal: told by its compiled code, as the runtime sees it.</summary>
internal static class InternalUse
{
    /// <summary>The types of an assembly that use an internal type or member of another one, each with what it uses.</summary>
    /// <param name="assembly">Is looked through.</param>
    /// <param name="isForeign">Which assemblies count, by their simple names.</param>
    public static IEnumerable<(Type User, string Used)> Find(Assembly assembly, Func<string, bool> isForeign)
    {
        foreach (Type type in assembly.GetTypes())
        {
            foreach (MemberInfo used in UsedBy(type).Where(member => isForeign(AssemblyOf(member)) && !IsVisible(member)).Distinct())
                yield return (type, used is Type other ? other.FullName ?? other.Name : $"{used.DeclaringType!.FullName}.{used.Name}");
        }
        foreach (CustomAttributeData attribute in assembly.GetCustomAttributesData().Where(data => isForeign(AssemblyOf(data.AttributeType))))
        {
            if (!IsVisible(attribute.AttributeType))
                yield return (typeof(void), attribute.AttributeType.FullName!);
        }
    }

    private static string AssemblyOf(MemberInfo member) => member.Module.Assembly.GetName().Name!;

    private static IEnumerable<MemberInfo> UsedBy(Type type)
    {
        IEnumerable<Type> declared = [.. TypesIn(type.BaseType), .. type.GetInterfaces().SelectMany(TypesIn), .. type.GetFields(CompiledCode.Everything).SelectMany(field => TypesIn(field.FieldType))];
        return [.. declared, .. type.GetCustomAttributesData().Select(data => data.AttributeType), .. Implemented(type), .. type.GetMethods(CompiledCode.Everything).SelectMany(UsedBy), .. type.GetConstructors(CompiledCode.Everything).SelectMany(UsedBy)];
    }

    // Members of other types that this type's methods stand for.
    private static IEnumerable<MemberInfo> Implemented(Type type)
    {
        if (type.IsInterface)
            return [];
        IEnumerable<MethodInfo> overridden = type.GetMethods(CompiledCode.Everything).Where(method => method.GetBaseDefinition() != method).Select(method => method.GetBaseDefinition());
        IEnumerable<MethodInfo> implemented = type.GetInterfaces().Where(other => !type.BaseType!.GetInterfaces().Contains(other)).SelectMany(other =>
        {
            InterfaceMapping map = type.GetInterfaceMap(other);
            return map.InterfaceMethods.Where((_, i) => map.TargetMethods[i]?.DeclaringType == type);
        });
        return overridden.Concat(implemented);
    }

    private static IEnumerable<MemberInfo> UsedBy(MethodBase method)
    {
        List<MemberInfo> used = [.. method.GetParameters().SelectMany(parameter => TypesIn(parameter.ParameterType)), .. TypesIn((method as MethodInfo)?.ReturnType)];
        if (method.GetMethodBody() is { } body)
            used.AddRange([.. body.LocalVariables.SelectMany(local => TypesIn(local.LocalType)), .. CompiledCode.MembersIn(method).SelectMany(Parts)]);
        return used;
    }

    private static IEnumerable<MemberInfo> Parts(MemberInfo member) => member is Type type ? TypesIn(type) : [member, .. TypesIn(member.DeclaringType)];

    // A type without its brackets and stars, and what stands between its angle brackets.
    private static IEnumerable<Type> TypesIn(Type? type)
    {
        while (type is { HasElementType: true })
            type = type.GetElementType();
        if (type is null || type.IsGenericParameter || type.IsFunctionPointer)
            return [];
        return type.IsConstructedGenericType ? [type.GetGenericTypeDefinition(), .. type.GetGenericArguments().SelectMany(TypesIn)] : [type];
    }

    // To a stranger, who may derive from what is public.
    private static bool IsVisible(MemberInfo member) => member switch
    {
        Type type => type.IsVisible || type.IsNestedFamily || type.IsNestedFamORAssem,
        FieldInfo field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly,
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        _ => true,
    };
}

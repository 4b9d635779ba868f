using System.Reflection;
using System.Reflection.Emit;

namespace Microsoft.ML.PermutedSegmentation.Tests;

/// <summary>Where an assembly uses what other assemblies keep internal: told by its compiled code, as the runtime sees it.</summary>
internal static class InternalUse
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodes = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

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
        IEnumerable<Type> declared = [.. TypesIn(type.BaseType), .. type.GetInterfaces().SelectMany(TypesIn), .. type.GetFields(Everything).SelectMany(field => TypesIn(field.FieldType))];
        return [.. declared, .. type.GetCustomAttributesData().Select(data => data.AttributeType), .. Implemented(type), .. type.GetMethods(Everything).SelectMany(UsedBy), .. type.GetConstructors(Everything).SelectMany(UsedBy)];
    }

    // Members of other types that this type's methods stand for.
    private static IEnumerable<MemberInfo> Implemented(Type type)
    {
        if (type.IsInterface)
            return [];
        IEnumerable<MethodInfo> overridden = type.GetMethods(Everything).Where(method => method.GetBaseDefinition() != method).Select(method => method.GetBaseDefinition());
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
            used.AddRange([.. body.LocalVariables.SelectMany(local => TypesIn(local.LocalType)), .. Operands(method, body.GetILAsByteArray()!)]);
        return used;
    }

    private static IEnumerable<MemberInfo> Operands(MethodBase method, byte[] code)
    {
        Type[]? typeArguments = method.DeclaringType is { IsGenericType: true } generic ? generic.GetGenericArguments() : null;
        Type[]? methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (int at = 0; at < code.Length;)
        {
            short value = code[at] == 0xFE ? BitConverter.ToInt16([code[at + 1], code[at]]) : code[at];
            at += code[at] == 0xFE ? 2 : 1;
            OperandType operand = OpCodes[value].OperandType;
            if (operand is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok)
            {
                MemberInfo member = method.Module.ResolveMember(BitConverter.ToInt32(code, at), typeArguments, methodArguments)!;
                IEnumerable<MemberInfo> parts = member is Type type ? TypesIn(type) : [member, .. TypesIn(member.DeclaringType)];
                foreach (MemberInfo part in parts)
                    yield return part;
            }
            at += operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
                _ => 4,
            };
        }
    }

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

using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.PermutedSegmentation.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Hooks;

/// <summary>
/// libtorch's operators for oneDNN's convolutions: on weights packed in the order that its kernels read, and with an addition and ReLU
/// while the results are at hand. torch.compile uses them for the same. TorchSharp has no name for them, but TorchScript
/// does, so they are reached through a module of the latter.
/// </summary>
internal static class OneDnn
{
    // A method for each thing to do in the same pass: TorchSharp cannot pass its name, a string. Groups of channels are not needed here.
    private const string Code = """
        class OneDnn(Module):
          __parameters__ = []
          __buffers__ = []
          training : bool
          def pack(self: __torch__.OneDnn, w: Tensor, padding: int, stride: int, dilation: int, images: int, height: int, width: int) -> Tensor:
            return ops.mkldnn._reorder_convolution_weight(w, [padding, padding], [stride, stride], [dilation, dilation], 1, [images, torch.size(w, 1), height, width])
          def order(self: __torch__.OneDnn, w: Tensor) -> Tensor:
            return ops.mkldnn._get_mkldnn_serialized_md(w)
          def convolve(self: __torch__.OneDnn, x: Tensor, w: Tensor, bias: Tensor, padding: int, stride: int, dilation: int) -> Tensor:
            return ops.mkldnn._convolution_pointwise(x, w, bias, [padding, padding], [stride, stride], [dilation, dilation], 1, "none", annotate(List[Optional[number]], []), None)
          def convolve_relu(self: __torch__.OneDnn, x: Tensor, w: Tensor, bias: Tensor, padding: int, stride: int, dilation: int) -> Tensor:
            return ops.mkldnn._convolution_pointwise(x, w, bias, [padding, padding], [stride, stride], [dilation, dilation], 1, "relu", annotate(List[Optional[number]], []), None)
          def add_relu(self: __torch__.OneDnn, map: Tensor, x: Tensor, w: Tensor, bias: Tensor, padding: int, stride: int, dilation: int) -> Tensor:
            return ops.mkldnn._convolution_pointwise_(map, x, w, bias, [padding, padding], [stride, stride], [dilation, dilation], 1, "add", 1.0, "relu", annotate(List[Optional[number]], []), None)

        """;

    private const string Instead = "its documented convolution runs";

    // The pickled object: an instance of the class, of which the state is one attribute.
    private static readonly byte[] Instance = [0x80, 2, .. "c__torch__\nOneDnn\n"u8, (byte)')', 0x81, .. "}X\x08\0\0\0training"u8, 0x89, .. "sb."u8];
    private static readonly byte[] NoConstants = [0x80, 2, .. ")."u8];

    private static readonly Lazy<jit.ScriptModule<Tensor>?> Module = new(LoadAndTry);
    private static readonly Lazy<bool> HasBFloat16 = new(() => Module.Value is { } module && TryBFloat16(module));

    /// <summary>Whether this libtorch has the operators, and they compute what they should in these numbers on this processor.</summary>
    public static bool IsAvailable(ScalarType numbers) => numbers switch
    {
        ScalarType.Float32 => Module.Value is not null,
        ScalarType.BFloat16 => HasBFloat16.Value,
        _ => false,
    };

    /// <summary>
    /// Weights, [outputs, channels, kernel height, kernel width], in the order for reading so many maps of this size at once. With others they
    /// compute the same, but may be put in another order first, at each run, which can take longer than all the rest.
    /// </summary>
    public static Tensor Pack(Tensor weights, int padding, int stride, int dilation, int images, int height, int width) =>
        Invoke(Module.Value!, "pack", [weights], padding, stride, dilation, images, height, width);

    /// <summary>Whether two tensors of packed weights, of one shape, are in the same order.</summary>
    public static bool AreInSameOrder(Tensor packed, Tensor other) => AreInSameOrder(Module.Value!, packed, other);

    /// <summary>The convolution of x, [N, channels, H, W].</summary>
    public static Tensor Convolve(Tensor x, Tensor packed, Tensor bias, int padding, int stride, int dilation, bool relu) =>
        Invoke(Module.Value!, relu ? "convolve_relu" : "convolve", [x, packed, bias], padding, stride, dilation);

    /// <summary>Adds the convolution of x to a map, in place; then ReLU.</summary>
    public static void AddTo(Tensor map, Tensor x, Tensor packed, Tensor bias, int padding, int stride, int dilation) =>
        Invoke(Module.Value!, "add_relu", [map, x, packed, bias], padding, stride, dilation).Dispose();

    private static bool AreInSameOrder(jit.ScriptModule<Tensor> module, Tensor packed, Tensor other)
    {
        using Tensor first = Invoke(module, "order", [packed]), second = Invoke(module, "order", [other]);
        return first.bytes.SequenceEqual(second.bytes);
    }

    // An int TorchSharp passes by value: of a long it passes the address of an object that it lets the garbage collector free before the
    // call. Of tensors it passes addresses, too.
    private static Tensor Invoke(jit.ScriptModule<Tensor> module, string method, Tensor[] tensors, params int[] numbers)
    {
        object[] arguments = [.. tensors, .. numbers];
        Tensor result = module.invoke<Tensor>(method, arguments);
        GC.KeepAlive(arguments);
        return result;
    }

    // Nobody promises these operators: another libtorch may lack them, refuse the archive or, worse, mean something else by them.
    private static jit.ScriptModule<Tensor>? LoadAndTry()
    {
        if (!OptionalHooks.AreOn)
            return null;
        try
        {
            jit.ScriptModule<Tensor> module = jit.load<Tensor>(Archive());
            if (Computes(module, ScalarType.Float32, tolerance: 1e-4))
                return module;
            module.Dispose();
        }
        catch (Exception exception) when (exception is ExternalException or InvalidOperationException or NotImplementedException)
        {
            // libtorch refuses; or, the last one, TorchSharp gets something else back than it can hand out.
        }
        OptionalHooks.SayMissing("a working version of libtorch's operators for oneDNN", Instead);
        return null;
    }

    // On processors without AVX-512 the operators refuse bfloat16. That is nothing to be told of: few would compute in it there.
    private static bool TryBFloat16(jit.ScriptModule<Tensor> module)
    {
        try
        {
            if (Computes(module, ScalarType.BFloat16, tolerance: 0.01))
                return true;
        }
        catch (ExternalException)
        {
            return false;
        }
        OptionalHooks.SayMissing("a working version of libtorch's operators for oneDNN in bfloat16", Instead);
        return false;
    }

    // Whether it computes what libtorch's convolution does, for a kernel that is strided and dilated, with weights that are packed for one image and
    // then anew for two.
    private static bool Computes(jit.ScriptModule<Tensor> module, ScalarType numbers, double tolerance)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        const int stride = 2, padding = 2, dilation = 2, size = 9, sizeAfter = 5, channels = 4, outputs = 8;
        Tensor weights = Numbers(outputs, channels, 3, 3), bias = Numbers(outputs);
        Tensor forOne = Pack(weights, images: 1), unpacked = forOne.to_dense(), forTwo = Pack(unpacked, images: 2);
        return Wide(unpacked).allclose(Wide(weights), 0, 0) && AreInSameOrder(module, forOne, Pack(weights, images: 1)) && Convolves(forOne, images: 1) && Convolves(forTwo, images: 2);

        bool Convolves(Tensor packed, int images)
        {
            // Maps are channels last; to others add_relu cannot add bfloat16.
            Tensor x = Numbers(images, size, size, channels).permute(0, 3, 1, 2), map = ones(images, sizeAfter, sizeAfter, outputs).to(numbers).permute(0, 3, 1, 2);
            Tensor expected = nn.functional.conv2d(Wide(x), Wide(weights), Wide(bias), [stride, stride], [padding, padding], [dilation, dilation]);
            Invoke(module, "add_relu", [map, x, packed, bias], padding, stride, dilation);
            return IsClose(Invoke(module, "convolve", [x, packed, bias], padding, stride, dilation), expected)
                && IsClose(Invoke(module, "convolve_relu", [x, packed, bias], padding, stride, dilation), expected.relu())
                && IsClose(map, expected.Plus(1).relu());
        }

        Tensor Pack(Tensor values, int images) => Invoke(module, "pack", [values], padding, stride, dilation, images, size, size);
        Tensor Numbers(params long[] shape) => linspace(-1, 1, shape.Aggregate((x, y) => x * y)).reshape(shape).to(numbers);
        Tensor Wide(Tensor values) => values.to(ScalarType.Float32);
        bool IsClose(Tensor actual, Tensor to) => Wide(actual).allclose(to, tolerance, tolerance);
    }

    // What torch.jit.save would write for such a module.
    private static byte[] Archive()
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("data.pkl", Instance);
            Add("code/__torch__.py", Encoding.ASCII.GetBytes(Code.ReplaceLineEndings("\n")));
            Add("constants.pkl", NoConstants);
            Add("version", "3\n"u8);

            void Add(string name, ReadOnlySpan<byte> content)
            {
                using Stream entry = zip.CreateEntry("onednn/" + name, CompressionLevel.NoCompression).Open();
                entry.Write(content);
            }
        }
        return stream.ToArray();
    }
}

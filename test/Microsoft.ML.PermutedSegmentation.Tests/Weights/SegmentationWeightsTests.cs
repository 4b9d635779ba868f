using Microsoft.ML.Data;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class SegmentationWeightsTests(UnprotectedModel trained) : IClassFixture<UnprotectedModel>, IDisposable
{
    private static readonly string[] Classes = ["background", "red", "green"];

    private readonly TempFolder _folder = new();
    private readonly SegmentationCatalog _segmentation = CpuContext.Create().Segmentation();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_that_goes_through_a_file_is_the_same_bit_for_bit()
    {
        using SegmentationWeights read = SaveAndLoad(trained.Transformer);
        Assert.Equal((Backbone.ResNet18, 3, false), (read.Backbone, read.ClassCount, read.IsLocked));
        using PermutedSegmentationTransformer model = CreateModel(read);
        Assert.Empty(Different(trained.Transformer.Network().State, model.Network().State));
        Assert.True(model.IsUnlocked);
        Assert.Equal(FeatureMaps.None, model.FeatureMaps);
        Assert.Equal(Classes, model.ClassNames);
        Assert.Equal(trained.ScoresOf(trained.Transformer), trained.ScoresOf(model));

        // A model as any other: protected, saved, loaded and unlocked.
        using var protectedModel = _segmentation.Protect(model, trained.Key);
        using PermutedSegmentationTransformer locked = trained.SaveAndLoad(protectedModel);
        using var unlocked = _segmentation.Unlock(locked, trained.Key, verify: true);
        Assert.Equal(trained.ScoresOf(trained.Transformer), trained.ScoresOf(unlocked));
    }

    [Fact]
    public void Of_a_locked_model_the_weights_are_the_stored_ones_and_are_not_used_by_accident()
    {
        using var protectedModel = _segmentation.Protect(trained.Transformer, trained.Key);
        using PermutedSegmentationTransformer locked = trained.SaveAndLoad(protectedModel);
        using SegmentationWeights stored = SaveAndLoad(locked);
        Assert.True(stored.IsLocked);
        Assert.Contains("locked", Assert.Throws<ArgumentException>(() => CreateModel(stored)).Message);
        Assert.Contains("locked", Assert.Throws<ArgumentException>(() => _segmentation.Trainers.Fcn(new() { Backbone = Backbone.ResNet18, InitialWeights = stored })).Message);
        Assert.Empty(Different(locked.Network().State, stored.State()));
        Assert.Contains("classifier.4.weight", Different(trained.Transformer.Network().State, stored.State()));

        using var unlocked = _segmentation.Unlock(locked, trained.Key, verify: true);
        using SegmentationWeights plain = SaveAndLoad(unlocked);
        Assert.False(plain.IsLocked);
        Assert.Empty(Different(trained.Transformer.Network().State, plain.State()));
    }

    [Fact]
    public void Weights_models_and_the_models_they_came_from_are_disposed_each_on_its_own()
    {
        float[][] expected = trained.ScoresOf(trained.Transformer);
        long before = SmallNetworks.LiveTensors;
        PermutedSegmentationTransformer first = trained.SaveAndLoad(trained.Transformer);
        SegmentationWeights weights = SegmentationWeights.Of(first);
        first.Dispose();
        PermutedSegmentationTransformer second = CreateModel(weights);
        weights.Dispose();
        weights.Dispose();
        Assert.Equal(expected, trained.ScoresOf(second));
        second.Dispose();
        Assert.Equal(before, SmallNetworks.LiveTensors);

        Assert.Throws<ObjectDisposedException>(() => SegmentationWeights.Of(first));
        Assert.Throws<ObjectDisposedException>(() => CreateModel(weights));
        Assert.Throws<ObjectDisposedException>(() => weights.Save(_folder.At("x.safetensors")));
        Assert.Empty(Directory.GetFiles(_folder.Root));
    }

    [Fact]
    public void Nothing_is_copied_on_the_way_from_a_file_to_a_model()
    {
        string path = Save(trained.Transformer);
        using var scope = NewDisposeScope();
        long before = GC.GetAllocatedBytesForCurrentThread();
        using SegmentationWeights weights = SegmentationWeights.Load(path);
        long managed = GC.GetAllocatedBytesForCurrentThread() - before;
        // Some for the names of the four networks, which those in the file are compared with.
        Assert.True(managed < new FileInfo(path).Length / 4, $"{managed}");
        using PermutedSegmentationTransformer model = CreateModel(weights);
        using (no_grad())
            weights.State()["classifier.4.bias"].fill_(3);
        Assert.Equal([3, 3, 3], model.Network().State["classifier.4.bias"].data<float>().ToArray());
    }

    [Fact]
    public void A_chain_has_the_weights_of_the_model_in_it()
    {
        ITransformer chain = trained.MLContext.Transforms.CopyColumns("Copy", "Name").Fit(trained.Data).Append(trained.Transformer);
        using SegmentationWeights weights = SegmentationWeights.Of(chain);
        Assert.Equal(3, weights.ClassCount);
        ITransformer other = trained.MLContext.Transforms.CopyColumns("Copy", "Name").Fit(trained.Data);
        Assert.Throws<ArgumentException>(() => SegmentationWeights.Of(other));
    }

    [Fact]
    public void A_ResNet_alone_is_no_model_yet_and_is_written_without_a_classifier()
    {
        StateEntry[] state = TorchvisionFixture.BareResNet18();
        using SegmentationWeights weights = SegmentationWeights.Load(StateDict.Write(_folder.At("in.safetensors"), state));
        Assert.Equal((Backbone.ResNet18, null), (weights.Backbone, weights.ClassCount));
        Assert.Contains("InitialWeights", Assert.Throws<ArgumentException>(() => CreateModel(weights)).Message);
        weights.Save(_folder.At("out.safetensors"));
        var written = StateDict.Read(_folder.At("out.safetensors")).Tensors;
        Assert.Equal(state.Where(entry => !entry.Name.StartsWith("fc.")).Select(entry => entry.ToString()).Order(), written.Select(tensor => tensor.Entry.ToString()).Order());
        Assert.All(written, tensor => Assert.True(tensor.Entry.Type == "I64" || tensor.Values.AsSpan().SequenceEqual(tensor.Entry.Values()), tensor.Entry.Name));
    }

    [Fact]
    public void Counters_may_be_missing()
    {
        var state = TorchvisionFixture.BareResNet18().Where(entry => entry.Type != "I64");
        SegmentationWeights.Load(StateDict.Write(_folder.At("old.safetensors"), state)).Dispose();
    }

    [Fact]
    public void Missing_unknown_and_wrong_tensors_are_all_listed()
    {
        StateEntry[] state =
        [
            .. TorchvisionFixture.State("resnet18").Where(entry => entry.Name is not ("backbone.bn1.bias" or "classifier.1.running_mean")),
            new("backbone.fc.weight", "F32", [1]),
        ];
        int at = Array.FindIndex(state, entry => entry.Name == "backbone.layer2.0.conv1.weight");
        state[at] = state[at] with { Shape = [128, 64, 1, 1] };
        string message = RefuseState(state);
        Assert.Contains("ResNet18", message);
        Assert.Contains("2 missing: 'backbone.bn1.bias', 'classifier.1.running_mean'.", message);
        Assert.Contains("1 unknown: 'backbone.fc.weight'.", message);
        Assert.Contains("'backbone.layer2.0.conv1.weight' ([128, 64, 1, 1] instead of [128, 64, 3, 3] floats)", message);
    }

    [Fact]
    public void Whole_numbers_are_no_weights()
    {
        var tensors = TorchvisionFixture.BareResNet18()
            .Select(entry => entry.Name == "bn1.weight" ? (entry with { Type = "I64" }, new byte[64 * sizeof(long)]) : (entry, entry.Values()));
        string path = StateDict.Write(_folder.At("integers.safetensors"), [.. tensors]);
        Assert.Contains("'bn1.weight' ([64] whole numbers instead of [64] floats)", RefuseFile(path));
    }

    [Fact]
    public void Long_lists_are_cut_short()
    {
        string message = RefuseState([.. TorchvisionFixture.State("resnet50").Where(entry => !entry.Name.Contains("layer"))]);
        Assert.Contains("and more", message);
        Assert.True(message.Length < 2000, message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(256)]
    public void A_number_of_classes_that_no_model_has_is_refused(int count) =>
        Assert.Contains($"'classifier.4.weight' is for {count} classes", RefuseState([new("classifier.4.weight", "F32", [count, 128, 1, 1])]));

    [Fact]
    public void Random_damage_to_a_file_is_told_with_its_name()
    {
        byte[] original = File.ReadAllBytes(Save(trained.Transformer));
        int header = 8 + (int)BitConverter.ToInt64(original);
        string path = _folder.Write("damaged.safetensors", original);
        var random = new Random(12);
        int refused = 0, same = 0, accepted = 0;
        for (int i = 0; i < 60; i++)
        {
            // Most of the file is values: half of the damage is to the part that describes them.
            byte[] damage = new byte[1];
            random.NextBytes(damage);
            int at = random.Next(i % 2 == 0 ? header : original.Length);
            (byte before, bool isSame) = (original[at], original[at] == damage[0]);
            WriteAt(at, damage[0]);
            try
            {
                SegmentationWeights.Load(path).Dispose();
                _ = isSame ? same++ : accepted++;
            }
            catch (InvalidDataException exception)
            {
                Assert.Contains($"'{path}'", exception.Message);
                Assert.False(isSame);
                refused++;
            }
            WriteAt(at, before);
        }
        // Both must happen often, or only one side is tested.
        Assert.True(refused > 15 && accepted > 15, $"{refused} refused, {accepted} accepted, {same} not damaged");

        void WriteAt(int at, byte value)
        {
            using FileStream stream = File.OpenWrite(path);
            stream.Position = at;
            stream.WriteByte(value);
        }
    }

    [Fact]
    public void Other_files_and_places_are_refused()
    {
        RefuseFile(trained.Save(trained.Transformer));
        RefuseFile(_folder.Write("empty.safetensors", []));
        Assert.Throws<FileNotFoundException>(() => SegmentationWeights.Load(_folder.At("nothing.safetensors")));
        Assert.Throws<ArgumentException>(() => SegmentationWeights.Load(""));
        using SegmentationWeights weights = SegmentationWeights.Of(trained.Transformer);
        Assert.Throws<DirectoryNotFoundException>(() => weights.Save(_folder.At("nowhere", "x.safetensors")));
    }

    [Fact]
    public void What_fits_no_model_is_refused()
    {
        using SegmentationWeights weights = SegmentationWeights.Of(trained.Transformer);
        Assert.Contains("3 classes", Assert.Throws<ArgumentException>("classNames", () => _segmentation.CreateModel(weights, VocFolder.VocClassNames)).Message);
        Assert.Throws<ArgumentException>("classNames", () => _segmentation.CreateModel(weights, ["a", "b", "a"]));
        Assert.Throws<ArgumentOutOfRangeException>("outputStride", () => _segmentation.CreateModel(weights, Classes, outputStride: 4));
        Assert.Throws<ArgumentOutOfRangeException>("imageHeight", () => _segmentation.CreateModel(weights, Classes, imageHeight: 40, outputStride: 16));
        Assert.Throws<ArgumentOutOfRangeException>("imageWidth", () => _segmentation.CreateModel(weights, Classes, imageWidth: 0));
        Assert.Throws<ArgumentOutOfRangeException>("imageWidth", () => _segmentation.CreateModel(weights, Classes, imageWidth: 16384 + 8));
        Assert.Throws<ArgumentNullException>("weights", () => _segmentation.CreateModel(null!, Classes));
    }

    private PermutedSegmentationTransformer CreateModel(SegmentationWeights weights) =>
        _segmentation.CreateModel(weights, Classes, ColorPatches.Size, ColorPatches.Size);

    private string Save(ITransformer model)
    {
        string path = _folder.At("weights.safetensors");
        using SegmentationWeights weights = SegmentationWeights.Of(model);
        weights.Save(path);
        return path;
    }

    private SegmentationWeights SaveAndLoad(ITransformer model) => SegmentationWeights.Load(Save(model));

    private string RefuseState(StateEntry[] state) => RefuseFile(StateDict.Write(_folder.At("wrong.safetensors"), state));

    private static string RefuseFile(string path)
    {
        long tensors = SmallNetworks.LiveTensors;
        string message = Assert.Throws<InvalidDataException>(() => SegmentationWeights.Load(path)).Message;
        Assert.Contains($"'{path}'", message);
        Assert.Equal(tensors, SmallNetworks.LiveTensors);
        return message;
    }

    private static string[] Different(IReadOnlyDictionary<string, Tensor> expected, IReadOnlyDictionary<string, Tensor> actual)
    {
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        return [.. expected.Where(entry => !entry.Value.bytes.SequenceEqual(actual[entry.Key].bytes)).Select(entry => entry.Key)];
    }
}

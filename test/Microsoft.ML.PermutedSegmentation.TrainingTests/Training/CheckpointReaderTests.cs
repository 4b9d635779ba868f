using System.Security.Cryptography;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Microsoft.ML.PermutedSegmentation.Tests;

public sealed class CheckpointReaderTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _path;

    public CheckpointReaderTests() => _path = _folder.At("checkpoint.safetensors");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_saved_is_restored_bit_for_bit(bool withKey)
    {
        using PermutationKey? key = withKey ? PermutationKey.Generate() : null;
        byte[]? salt = withKey ? RandomNumberGenerator.GetBytes(16) : null;
        using var saved = SmallTraining.WithMomenta();
        saved.Save(_path, key, salt);
        Assert.Equal([_path], Directory.GetFiles(_folder.Root));

        using var restored = SmallTraining.New();
        using CheckpointReader stored = CheckpointReader.Find(_path, key)!;
        Assert.Equal(salt, stored.Salt);
        stored.Restore(restored.State, SmallTraining.Protection(key, salt));
        Assert.Equal(saved.State.Position, restored.State.Position);
        Assert.Equal(saved.State.Tensors().Select(Bits), restored.State.Tensors().Select(Bits));
    }

    [Fact]
    public void Saving_and_restoring_leave_no_tensors_behind()
    {
        using var key = PermutationKey.Generate();
        using var training = SmallTraining.WithMomenta();
        long before = SmallNetworks.LiveTensors;
        for (int i = 0; i < 3; i++)
        {
            training.Save(_path, key, new byte[16]);
            using CheckpointReader stored = CheckpointReader.Find(_path, key)!;
            stored.Restore(training.State, SmallTraining.Protection(key, new byte[16]));
        }
        Assert.Equal(before, SmallNetworks.LiveTensors);
    }

    [Fact]
    public void Where_there_is_no_file_there_is_no_checkpoint() => Assert.Null(CheckpointReader.Find(_path, key: null));

    [Fact]
    public void What_a_killed_process_left_is_written_over()
    {
        File.WriteAllBytes(_path + ".partial", [1, 2, 3]);
        using var training = SmallTraining.WithMomenta();
        training.Save(_path, key: null, salt: null);
        Assert.Equal([_path], Directory.GetFiles(_folder.Root));
    }

    [Fact]
    public void A_checkpoint_of_another_network_is_refused()
    {
        using var training = SmallTraining.WithMomenta();
        training.Save(_path, key: null, salt: null);
        using var network = TorchNetwork.FromState(SmallNetworks.Layout("Bottleneck"), SmallNetworks.RandomState(SmallNetworks.Layout("Bottleneck"), seed: 1));
        using var state = new TrainingState(network, ColorPatches.Options());
        using CheckpointReader stored = CheckpointReader.Find(_path, key: null)!;
        Assert.Contains("tensors", Refused(() => stored.Restore(state, protection: null)));
    }

    [Fact]
    public void A_description_of_the_impossible_is_refused()
    {
        using var training = SmallTraining.WithMomenta();
        foreach (TrainingPosition impossible in (TrainingPosition[])
            [
                new() { Epoch = 0, BestEpoch = 0, LowestLoss = 1 }, new() { Epoch = 2, BestEpoch = 3, LowestLoss = 1 },
                new() { Epoch = 2, BestEpoch = 0, LowestLoss = 1 }, new() { Epoch = 2, BestEpoch = 1, LowestLoss = 1, Elapsed = TimeSpan.FromTicks(-1) },
            ])
        {
            training.State.Position = impossible;
            training.Save(_path, key: null, salt: null);
            Refused(() => CheckpointReader.Find(_path, key: null));
        }
    }

    [Fact]
    public void A_file_that_is_too_large_is_refused_before_it_is_read()
    {
        using (var training = SmallTraining.WithMomenta())
            training.Save(_path, key: null, salt: null);
        using (FileStream sparse = File.OpenWrite(_path))
            sparse.SetLength(1L << 40);
        Assert.Contains("1099511627776", Refused(() => CheckpointReader.Find(_path, key: null)));
    }

    [Fact]
    public void Random_damage_is_refused_or_harmless()
    {
        using var training = SmallTraining.WithMomenta();
        training.Save(_path, key: null, salt: null);
        byte[] original = File.ReadAllBytes(_path);
        Dictionary<string, string> bits = training.State.Tensors().ToDictionary(entry => $"{entry.Part}.{entry.Parameter}", Bits);
        var random = new Random(17);
        int opened = 0, restored = 0;
        for (int i = 0; i < 500; i++)
        {
            byte[] damaged = SafetensorsMutations.Mutate(original, random);
            // Half of the time with a digest that hides the damage.
            bool isForged = random.Next(2) == 0 && Forge(damaged);
            File.WriteAllBytes(_path, damaged);
            long before = GC.GetAllocatedBytesForCurrentThread(), tensors = SmallNetworks.LiveTensors;
            try
            {
                using CheckpointReader stored = CheckpointReader.Find(_path, key: null)!;
                opened++;
                stored.RequireSame(training.Description.Settings, seed: 1, epochs: 3);
                stored.RequireSame(training.Description.Rows);
                stored.Restore(training.State, protection: null);
                restored++;
                // What has no forged digest has not been changed.
                Assert.True(isForged || training.State.Tensors().All(entry => bits[$"{entry.Part}.{entry.Parameter}"] == Bits(entry)));
            }
            catch (InvalidDataException exception)
            {
                Assert.Contains(_path, exception.Message);
            }
            catch (InvalidOperationException exception)
            {
                Assert.Contains(_path, exception.Message);
            }
            Assert.Equal(tensors, SmallNetworks.LiveTensors);
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4 << 20);
        }
        // Both must happen often, or only one side is tested.
        Assert.InRange(opened, 30, 470);
        Assert.InRange(restored, 15, 470);
    }

    private string Refused(Action action)
    {
        string message = Assert.Throws<InvalidDataException>(action).Message;
        Assert.Contains(_path, message);
        return message;
    }

    private static string Bits((string Part, string Parameter, Tensor Value) entry) =>
        $"{entry.Part} {entry.Parameter} {Convert.ToHexString(SHA256.HashData(entry.Value.bytes))}";

    // Puts the right digest where a reader of the header as it is now would look for it.
    private static bool Forge(byte[] file)
    {
        long header = BitConverter.ToInt64(file);
        if (header < 0 || header > file.Length - 40)
            return false;
        int start = 8 + (int)header;
        SHA256.HashData([.. file.AsSpan(0, start), .. file.AsSpan(start + 32)]).CopyTo(file, start);
        return true;
    }
}

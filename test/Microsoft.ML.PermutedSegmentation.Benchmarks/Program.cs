using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison;
using Microsoft.ML.PermutedSegmentation.Benchmarks.Comparison.Measuring;
using Microsoft.ML.PermutedSegmentation.Benchmarks.Distribution;
using Microsoft.ML.PermutedSegmentation.Benchmarks.Input;
using Microsoft.ML.PermutedSegmentation.Benchmarks.Quantization;
using Microsoft.ML.PermutedSegmentation.Benchmarks.Serving;

if (args is [MeasureCommand.Name, var workload])
    return MeasureCommand.Run(workload);
if (args is ["compare", ..])
    return CompareCommand.Create().Parse(args[1..]).Invoke();
if (args is ["input", ..])
    return InputCommand.Create().Parse(args[1..]).Invoke();
if (args is ["distributed", ..])
    return DistributedCommand.Create().Parse(args[1..]).Invoke();
if (args is [DistributedRank.Name, var images, var batch, var synchronize])
    return DistributedRank.Run(int.Parse(images), int.Parse(batch), bool.Parse(synchronize));
if (args is ["quantize", ..])
    return QuantizeCommand.Create().Parse(args[1..]).Invoke();
if (args is ["precision", ..])
    return PrecisionCommand.Create().Parse(args[1..]).Invoke();
if (args is ["serve", ..])
    return ServeCommand.Create().Parse(args[1..]).Invoke();

// In this process: libtorch's threads and memory are then those of any application, and nothing is built anew.
var toolchain = new InProcessEmitToolchain(timeout: TimeSpan.FromHours(2), logOutput: true);
var job = Job.Default.WithToolchain(toolchain).WithWarmupCount(1).WithIterationCount(3).WithInvocationCount(1).WithUnrollFactor(1);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, DefaultConfig.Instance.AddJob(job));
return 0;

using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Microsoft.ML.PermutedSegmentation;

/// <summary>
/// The few functions of an MPI library that are needed (MPI 3.1, chapters 3, 5, 6 and 8). Open MPI's handles are pointers, MPICH's are integers, which are passed
/// and stored in the same places. Of each function only bytes travel, so that no other types or operations are needed.
/// </summary>
internal sealed unsafe class MpiLibrary
{
    private const int ThreadMultiple = 3, Success = 0, LongestText = 8192, TestsAtOnce = 128;

    private static readonly string[] Names = ["libmpi.so.40", "libmpi.so.12", "libmpich.so.12"];

    private readonly nint _library, _world, _byte, _noStatus;

    private MpiLibrary(nint library)
    {
        _library = library;
        if (NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out nint world))
            (_world, _byte, _noStatus) = (world, NativeLibrary.GetExport(library, "ompi_mpi_byte"), 0);
        else
            (_world, _byte, _noStatus) = (0x44000000, 0x4c00010d, 1);
    }

    /// <summary>The communicator of all processes.</summary>
    public nint World => _world;

    /// <summary>Finds the system's MPI library.</summary>
    /// <exception cref="DllNotFoundException">There is none.</exception>
    public static MpiLibrary Load()
    {
        // Where several are installed, the launcher's is meant.
        bool isOpenMpi = Environment.GetEnvironmentVariable("PMI_SIZE") is null || Environment.GetEnvironmentVariable("OMPI_COMM_WORLD_SIZE") is not null;
        foreach (string name in isOpenMpi ? Names : [.. Names.Reverse()])
        {
            if (NativeLibrary.TryLoad(name, out nint library))
                return new MpiLibrary(library);
        }
        throw new DllNotFoundException("MPI is missing, which processes of one training talk through: install Open MPI (on Debian and Ubuntu: apt-get install openmpi-bin) or MPICH, and start the program with mpirun.");
    }

    /// <summary>Begins, for calls from several threads at a time.</summary>
    public void Initialize()
    {
        int provided;
        Check(((delegate* unmanaged<nint, nint, int, int*, int>)Function("MPI_Init_thread"))(0, 0, ThreadMultiple, &provided), "MPI_Init_thread");
        if (provided < ThreadMultiple)
            throw new NotSupportedException($"This MPI library ({Version()}) cannot be called from several threads at a time (MPI_THREAD_MULTIPLE); Open MPI from version 4 on and MPICH can.");
    }

    public void Complete() => Check(((delegate* unmanaged<int>)Function("MPI_Finalize"))(), "MPI_Finalize");

    /// <summary>Ends all processes, this one included.</summary>
    public void Abort(int code) => ((delegate* unmanaged<nint, int, int>)Function("MPI_Abort"))(_world, code);

    public int RankIn(nint communicator) => Number("MPI_Comm_rank", communicator);

    public int SizeOf(nint communicator) => Number("MPI_Comm_size", communicator);

    public nint Duplicate(nint communicator)
    {
        nint duplicate = 0;
        Check(((delegate* unmanaged<nint, nint*, int>)Function("MPI_Comm_dup"))(communicator, &duplicate), "MPI_Comm_dup");
        return duplicate;
    }

    public void Free(nint communicator) => Check(((delegate* unmanaged<nint*, int>)Function("MPI_Comm_free"))(&communicator), "MPI_Comm_free");

    /// <param name="bytes">What is sent or received.</param>
    /// <param name="root">The rank that sends.</param>
    /// <param name="communicator">The processes.</param>
    /// <param name="patience">How long this keeps a core busy when it has to wait.</param>
    public void Broadcast(Span<byte> bytes, int root, nint communicator, TimeSpan patience)
    {
        nint request = 0;
        fixed (byte* start = bytes)
        {
            Check(((delegate* unmanaged<void*, int, nint, int, nint, nint*, int>)Function("MPI_Ibcast"))(start, bytes.Length, _byte, root, communicator, &request), "MPI_Ibcast");
            Wait(&request, patience);
        }
    }

    public void Gather(ReadOnlySpan<byte> own, Span<byte> all, nint communicator, TimeSpan patience) => AllTo("MPI_Iallgather", own, all, own.Length, communicator, patience);

    public void Exchange(ReadOnlySpan<byte> parts, Span<byte> received, int length, nint communicator, TimeSpan patience) => AllTo("MPI_Ialltoall", parts, received, length, communicator, patience);

    public void Swap(ReadOnlySpan<byte> own, Span<byte> received, int partner, nint communicator, TimeSpan patience)
    {
        nint receiving = 0, sending = 0;
        fixed (byte* from = own, to = received)
        {
            Check(((delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int>)Function("MPI_Irecv"))(to, received.Length, _byte, partner, 0, communicator, &receiving), "MPI_Irecv");
            Check(((delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int>)Function("MPI_Isend"))(from, own.Length, _byte, partner, 0, communicator, &sending), "MPI_Isend");
            Wait(&receiving, patience);
            Wait(&sending, patience);
        }
    }

    /// <summary>Its name and version.</summary>
    public string Version()
    {
        byte* text = stackalloc byte[LongestText];
        int length;
        _ = ((delegate* unmanaged<byte*, int*, int>)Function("MPI_Get_library_version"))(text, &length);
        return Marshal.PtrToStringUTF8((nint)text)!.Split('\n', ',')[0];
    }

    // length: of what goes from one process to another.
    private void AllTo(string function, ReadOnlySpan<byte> sent, Span<byte> received, int length, nint communicator, TimeSpan patience)
    {
        nint request = 0;
        fixed (byte* from = sent, to = received)
        {
            Check(((delegate* unmanaged<void*, int, nint, void*, int, nint, nint, nint*, int>)Function(function))(from, length, _byte, to, length, _byte, communicator, &request), function);
            Wait(&request, patience);
        }
    }

    // MPI's own waiting keeps a core busy, which the network may need: after some time this looks only now and then.
    private void Wait(nint* request, TimeSpan patience)
    {
        long start = Stopwatch.GetTimestamp();
        while (!IsDone(request))
        {
            if (Stopwatch.GetElapsedTime(start) < patience)
                Thread.Yield();
            else
                Thread.Sleep(1);
        }
    }

    // Open MPI looks at its sockets at every eighth call only, and not everything that has to be done is done at once.
    private bool IsDone(nint* request)
    {
        var test = (delegate* unmanaged<nint*, int*, nint, int>)Function("MPI_Test");
        int done = 0;
        for (int i = 0; i < TestsAtOnce && done == 0; i++)
            Check(test(request, &done, _noStatus), "MPI_Test");
        return done != 0;
    }

    private int Number(string function, nint communicator)
    {
        int number;
        Check(((delegate* unmanaged<nint, int*, int>)Function(function))(communicator, &number), function);
        return number;
    }

    private nint Function(string name) => NativeLibrary.GetExport(_library, name);

    // By default the library itself ends all processes, and says why.
    private static void Check(int result, string function)
    {
        if (result != Success)
            throw new IOException($"{function} failed with MPI's error {result}.");
    }
}

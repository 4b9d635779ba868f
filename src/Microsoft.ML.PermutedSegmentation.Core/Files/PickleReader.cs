using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Microsoft.ML.PermutedSegmentation.Files;

/// <summary>
/// Reads the pickles in which PyTorch saves tensors (Python's pickletools.py describes the format). A pickle is a program for a small machine
/// that can call anything. This machine has only the instructions that plain containers need, and calls nothing (<see cref="PickleGlobal"/>).
/// </summary>
/// <remarks>
/// Libraries for .NET allocate what a length in the file says, and accept objects of any class. Here no length is believed that the bytes do not
/// bear out, and each byte makes one object at most.
/// </remarks>
/// <param name="bytes">One pickle or several, one behind the other; something else may follow.</param>
internal sealed class PickleReader(byte[] bytes)
{
    private const string Damaged = "its structure is damaged.";

    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];

    private long _copied;

    /// <summary>The storages that all pickles so far have named.</summary>
    public List<PyTorchStorage> Storages { get; } = [];

    /// <summary>Where the next pickle begins.</summary>
    public int Position { get; private set; }

    /// <summary>
    /// Reads the next pickle: null (also for bytes and whatever else is passed over), bool, long, double, BigInteger, string, arrays (tuples), lists
    /// (also for sets), <see cref="PickleDictionary"/>, <see cref="PickleGlobal"/>, <see cref="PyTorchStorage"/>, <see cref="PyTorchTensor"/>.
    /// </summary>
    /// <exception cref="InvalidDataException">It is damaged, or has more in it than these.</exception>
    public object? Read()
    {
        _stack.Clear();
        _marks.Clear();
        _memo.Clear();
        while (true)
        {
            char instruction = (char)Take(1)[0];
            if (instruction == '.')
                return Pop();
            Do(instruction);
        }
    }

    private void Do(char instruction)
    {
        switch (instruction)
        {
            // The version of the format, and the length of what comes: neither matters.
            case '\x80': Take(1); break;
            case '\x95': Take(8); break;
            case '(': _marks.Add(_stack.Count); break;
            case '0': Pop(); break;
            case 'q': _memo[Take(1)[0]] = Peek(); break;
            case 'r': _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek(); break;
            case '\x94': _memo[(uint)_memo.Count] = Peek(); break;
            case 's': Append(Peek(2), [Peek(1), Peek()], 2); break;
            case 'a': Append(Peek(1), [Peek()], 1); break;
            case 'u' or 'e' or '\x90': AppendMarked(); break;
            // What is set of a container, such as the versions of a state dict's parts, does not matter.
            case 'b': Pop(); break;
            default: _stack.Add(Make(instruction)); break;
        }
    }

    private object? Make(char instruction) => instruction switch
    {
        'N' => null,
        '\x88' => true,
        '\x89' => false,
        'K' => (long)Take(1)[0],
        'M' => (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)),
        'J' => (long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)),
        '\x8a' => Integer(Take(Take(1)[0])),
        'G' => BinaryPrimitives.ReadDoubleBigEndian(Take(8)),
        'X' => Text(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))),
        '\x8c' or 'U' => Text(Take(1)[0]),
        'T' => Text(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))),
        'C' => Skip(Take(1)[0]),
        'B' => Skip(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))),
        '\x8e' or '\x96' => Skip(BinaryPrimitives.ReadUInt64LittleEndian(Take(8))),
        '}' => new PickleDictionary(),
        ']' or '\x8f' => new List<object?>(),
        ')' => Array.Empty<object?>(),
        't' or '\x91' => PopMarked(),
        '\x85' => PopLast(1),
        '\x86' => PopLast(2),
        '\x87' => PopLast(3),
        'h' => Recall(Take(1)[0]),
        'j' => Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))),
        'c' => PickleGlobal.Of(Line(), Line()),
        '\x93' => PopLast(2) is [string module, string name] ? PickleGlobal.Of(module, name) : throw new InvalidDataException(Damaged),
        // A function or a class with its arguments: to us there is no difference.
        'R' or '\x81' => PopLast(2) is [PickleGlobal global, object?[] arguments] ? Call(global, arguments) : throw new InvalidDataException(Damaged),
        'Q' => Storage(Pop()),
        _ => throw new InvalidDataException($"it holds more than tensors and plain containers, or is damaged (instruction {(int)instruction} of Python's pickle)."),
    };

    private object? Call(PickleGlobal global, object?[] arguments)
    {
        // One list may be given to many calls, each of which copies it.
        if (arguments is [List<object?> list] && (_copied += list.Count) > bytes.Length)
            throw new InvalidDataException(Damaged);
        return global.Call(arguments);
    }

    private PyTorchStorage Storage(object? id)
    {
        PyTorchStorage storage = PyTorchStorage.Of(id);
        Storages.Add(storage);
        return storage;
    }

    private static object Integer(ReadOnlySpan<byte> value)
    {
        var number = new BigInteger(value);
        return number >= long.MinValue && number <= long.MaxValue ? (long)number : (object)number;
    }

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)(bytes.Length - Position))
            throw new InvalidDataException("it ends too early, or is damaged.");
        Position += (int)count;
        return bytes.AsSpan(Position - (int)count, (int)count);
    }

    private object? Skip(ulong count)
    {
        Take(count);
        return null;
    }

    private string Text(uint length) => Encoding.UTF8.GetString(Take(length));

    private string Line()
    {
        int length = bytes.AsSpan(Position).IndexOf((byte)'\n');
        if (length < 0)
            throw new InvalidDataException(Damaged);
        string line = Text((uint)length);
        Position++;
        return line;
    }

    private object? Recall(uint index) => _memo.TryGetValue(index, out object? value) ? value : throw new InvalidDataException(Damaged);

    // An object of the stack, counted from its top; what lies below the last mark cannot be reached.
    private object? Peek(int below = 0) => _stack.Count - below > Floor ? _stack[^(below + 1)] : throw new InvalidDataException(Damaged);

    private object? Pop() => PopLast(1)[0];

    private object?[] PopLast(int count)
    {
        if (_stack.Count - count < Floor)
            throw new InvalidDataException(Damaged);
        object?[] values = [.. _stack[^count..]];
        _stack.RemoveRange(_stack.Count - count, count);
        return values;
    }

    private object?[] PopMarked()
    {
        int mark = Floor;
        object?[] values = _marks.Count > 0 ? [.. _stack[mark..]] : throw new InvalidDataException(Damaged);
        _stack.RemoveRange(mark, values.Length);
        _marks.RemoveAt(_marks.Count - 1);
        return values;
    }

    private int Floor => _marks.Count > 0 ? _marks[^1] : 0;

    // The container lies below the mark.
    private void AppendMarked()
    {
        object?[] values = PopMarked();
        Append(Peek(), values, 0);
    }

    // Adds to the container, and takes what was added from the stack.
    private void Append(object? container, object?[] values, int popped)
    {
        switch (container)
        {
            case List<object?> list:
                list.AddRange(values);
                break;
            case PickleDictionary dictionary when values.Length % 2 == 0:
                for (int i = 0; i < values.Length; i += 2)
                    dictionary.Add((values[i], values[i + 1]));
                break;
            default:
                throw new InvalidDataException(Damaged);
        }
        PopLast(popped);
    }
}

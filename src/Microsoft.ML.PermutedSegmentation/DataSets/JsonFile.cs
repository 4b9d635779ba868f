using System.Text.Json;

namespace Microsoft.ML.PermutedSegmentation.DataSets;

/// <summary>
/// A JSON file that may be large: an object whose members are read one at a time, and, where a member is an array, its elements. Only one
/// of them is in memory.
/// </summary>
internal static class JsonFile
{
    private const int LargestValue = 1 << 28, FirstBuffer = 1 << 16, LargestDepth = 64;

    /// <summary>Takes an element of a member that is an array, or the whole value of any other. The value is valid during the call.</summary>
    public delegate void Visitor(string member, JsonElement value, (long Offset, int Length) place);

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="enter">Takes the name of each member before its value.</param>
    /// <param name="visit">Takes what is read. Its <see cref="InvalidDataException"/> gets the file and the line put before it.</param>
    /// <exception cref="InvalidDataException">It is no JSON object, or <paramref name="visit"/> refuses it; the message names the file and the line.</exception>
    public static void Read(string path, Visitor visit, Action<string>? enter = null)
    {
        using FileStream stream = ImageFileHeader.Open(path);
        try
        {
            new Parser(stream, visit, enter).Run();
        }
        // A name that is not Unicode.
        catch (InvalidOperationException exception)
        {
            throw new InvalidDataException($"'{path}': {exception.Message}", exception);
        }
        catch (JsonException exception)
        {
            string reason = exception.Message.Split(" LineNumber:")[0].Split(" Path:")[0];
            throw new InvalidDataException($"'{path}', line {(exception.LineNumber ?? 0) + 1}: it is not the JSON that is expected. {reason}", exception);
        }
    }

    /// <summary>Whether a file is a JSON object that has all of these members at its top; what follows them does not matter.</summary>
    /// <param name="path">The file.</param>
    /// <param name="members">The members' names.</param>
    /// <param name="other">A member that no such file has, so that not all of another one is read.</param>
    public static bool HasMembers(string path, string[] members, string? other = null)
    {
        var missing = members.ToHashSet();
        try
        {
            Read(path, (_, _, _) => { }, member =>
            {
                missing.Remove(member);
                if (missing.Count == 0 || member == other)
                    throw new OperationCanceledException();
            });
        }
        catch (Exception exception) when (exception is InvalidDataException or OperationCanceledException)
        {
            // What is broken, its reader says.
        }
        return missing.Count == 0;
    }

    /// <summary>Reads one value again.</summary>
    public static JsonDocument ReadAt(FileStream stream, (long Offset, int Length) place)
    {
        byte[] bytes = new byte[place.Length];
        stream.Position = place.Offset;
        stream.ReadExactly(bytes);
        return JsonDocument.Parse(bytes);
    }

    /// <summary>The line of a place, counted from 1, for messages.</summary>
    public static int LineOf(string path, long offset)
    {
        using FileStream stream = File.OpenRead(path);
        byte[] buffer = new byte[FirstBuffer];
        int line = 1;
        while (offset > 0 && stream.Read(buffer, 0, (int)Math.Min(buffer.Length, offset)) is > 0 and var length)
        {
            line += buffer.AsSpan(0, length).Count((byte)'\n');
            offset -= length;
        }
        return line;
    }

    private sealed class Parser(FileStream stream, Visitor visit, Action<string>? enter)
    {
        private byte[] _buffer = new byte[FirstBuffer];
        private int _start, _end;
        private long _offset;
        private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = LargestDepth });
        private string? _member;
        private bool _isOpen, _isInArray, _isFinal;

        public void Run()
        {
            Fill();
            // A byte order mark is not JSON, but editors write it.
            if (_buffer.AsSpan(0, _end).StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
                _start = 3;
            while (true)
            {
                ReadOn();
                if (_isFinal)
                    return;
                Fill();
            }
        }

        private void ReadOn()
        {
            var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _end - _start), _isFinal, _state);
            var before = reader;
            while (reader.Read() && Take(ref reader))
                before = reader;
            _state = before.CurrentState;
            _start += (int)before.BytesConsumed;
        }

        // False when more of the file is needed.
        private bool Take(ref Utf8JsonReader reader)
        {
            if (!_isOpen || _member is null)
                return TakeTop(ref reader);
            if (!_isInArray && reader.TokenType == JsonTokenType.StartArray)
                return _isInArray = true;
            if (_isInArray && reader.TokenType == JsonTokenType.EndArray)
                _isInArray = false;
            else if (!TryVisit(ref reader))
                return false;
            if (!_isInArray)
                _member = null;
            return true;
        }

        private bool TakeTop(ref Utf8JsonReader reader)
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
                Enter(reader.GetString()!);
            else if (!_isOpen && reader.TokenType != JsonTokenType.StartObject)
                throw new JsonException("It should begin with a brace.", null, 0, null);
            return _isOpen = true;
        }

        private void Enter(string member)
        {
            _member = member;
            enter?.Invoke(member);
        }

        private bool TryVisit(ref Utf8JsonReader reader)
        {
            int start = _start + (int)reader.TokenStartIndex;
            if (!JsonDocument.TryParseValue(ref reader, out JsonDocument? document))
                return false;
            using (document)
            {
                try
                {
                    visit(_member!, document.RootElement, (_offset + start, _start + (int)reader.BytesConsumed - start));
                }
                // Text that is not Unicode is an invalid operation.
                catch (Exception exception) when (exception is InvalidDataException or InvalidOperationException)
                {
                    throw new InvalidDataException($"'{stream.Name}', line {LineOf(stream.Name, _offset + start)}: {exception.Message}", exception);
                }
            }
            return true;
        }

        private void Fill()
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _offset += _start;
            _end -= _start;
            _start = 0;
            if (_end == _buffer.Length)
            {
                if (_end >= LargestValue)
                    throw new InvalidDataException($"'{stream.Name}': one of its values has more than {LargestValue:N0} bytes.");
                Array.Resize(ref _buffer, 2 * _end);
            }
            int read = stream.Read(_buffer, _end, _buffer.Length - _end);
            _isFinal = read == 0;
            _end += read;
        }
    }
}

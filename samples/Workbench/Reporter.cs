namespace Workbench;

/// <summary>Reports at once and on the same thread; <see cref="Progress{T}"/> would on another one, perhaps after the work.</summary>
internal sealed class Reporter<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}

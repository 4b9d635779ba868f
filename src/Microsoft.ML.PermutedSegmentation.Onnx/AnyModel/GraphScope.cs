using System.Security.Cryptography;
using System.Text;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>One graph of an ONNX model: the main one, a branch or body in a node, or a function; and the constants that its nodes can read.</summary>
internal sealed class GraphScope
{
    private const int LongestName = 256;

    private readonly GraphScope? _parent;
    private readonly TensorName? _name;
    private readonly Dictionary<string, StoredTensor> _constants = [];
    private readonly Dictionary<string, NodeProto> _producers = [];
    private readonly List<StoredTensor> _tensors = [];

    private GraphScope(GraphScope? parent, TensorName? name, IReadOnlyList<NodeProto> nodes) => (_parent, _name, Nodes) = (parent, name, nodes);

    /// <summary>What the names of its tensors in the whole file begin with; empty for the main graph. It is put together when it is asked for.</summary>
    public string Path => _name is null ? "" : $"{_parent?.Path}{_name}/";

    public IReadOnlyList<NodeProto> Nodes { get; }

    /// <summary>All tensors that this graph itself holds, in their order.</summary>
    public IReadOnlyList<StoredTensor> Tensors => _tensors;

    /// <summary>All graphs of a model, outer ones before inner ones; functions and training come last.</summary>
    public static IReadOnlyList<GraphScope> AllOf(ModelProto model)
    {
        var scopes = new List<GraphScope>();
        if (model.Graph is not null)
            Add(scopes, null, null, model.Graph);
        foreach (FunctionProto function in model.Functions)
        {
            var scope = new GraphScope(null, new TensorName(Shorten($"{function.Domain}::{function.Name}{function.Overload}")), function.Node);
            scopes.Add(scope);
            foreach (AttributeProto attribute in function.AttributeProto)
                scope.AddAttribute(scopes, new TensorName(Shorten(attribute.Name)), attribute, constant: null);
            scope.AddNodes(scopes);
        }
        for (int i = 0; i < model.TrainingInfo.Count; i++)
        {
            foreach (GraphProto graph in ((GraphProto?[])[model.TrainingInfo[i].Initialization, model.TrainingInfo[i].Algorithm]).OfType<GraphProto>())
                Add(scopes, null, new TensorName("training", ReferenceEquals(graph, model.TrainingInfo[i].Initialization) ? "initialization" : "algorithm", i), graph);
        }
        return scopes;
    }

    /// <summary>The constant that a node of this graph reads under a name; null when it is none.</summary>
    public StoredTensor? FindConstant(string name) => _constants.GetValueOrDefault(name) ?? _parent?.FindConstant(name);

    /// <summary>The node that gives a value, in this graph or one around it; null when it is an input, or nothing.</summary>
    public NodeProto? FindProducer(string name) => _producers.GetValueOrDefault(name) ?? _parent?.FindProducer(name);

    private static void Add(List<GraphScope> scopes, GraphScope? parent, TensorName? name, GraphProto graph)
    {
        var scope = new GraphScope(parent, name, graph.Node);
        scopes.Add(scope);
        foreach (TensorProto tensor in graph.Initializer)
            scope._constants[tensor.Name] = scope.Add(new TensorName(Shorten(tensor.Name)), tensor);
        foreach (SparseTensorProto sparse in graph.SparseInitializer)
            scope.AddSparse(new TensorName(Shorten(sparse.Values?.Name ?? "")), sparse);
        scope.AddNodes(scopes);
    }

    private void AddNodes(List<GraphScope> scopes)
    {
        foreach (NodeProto node in Nodes)
        {
            string output = node.Output.FirstOrDefault("");
            if (output.Length > 0)
                _producers[output] = node;
            bool isConstant = node.OpType == "Constant";
            if (node.Attribute.Count == 0)
                continue;
            string label = Shorten(isConstant || node.Name.Length == 0 ? output : node.Name);
            foreach (AttributeProto attribute in node.Attribute)
                AddAttribute(scopes, isConstant ? new TensorName(label) : new TensorName(label, Shorten(attribute.Name)), attribute, isConstant ? output : null);
        }
    }

    private void AddAttribute(List<GraphScope> scopes, TensorName name, AttributeProto attribute, string? constant)
    {
        if (attribute.T is { } tensor)
        {
            StoredTensor stored = Add(name, tensor);
            if (constant is not null)
                _constants[constant] = stored;
        }
        for (int i = 0; i < attribute.Tensors.Count; i++)
            Add(name with { Index = i }, attribute.Tensors[i]);
        if (attribute.SparseTensor is { } sparse)
            AddSparse(name, sparse);
        for (int i = 0; i < attribute.SparseTensors.Count; i++)
            AddSparse(name with { Index = i }, attribute.SparseTensors[i]);
        if (attribute.G is { } graph)
            Add(scopes, this, name, graph);
        for (int i = 0; i < attribute.Graphs.Count; i++)
            Add(scopes, this, name with { Index = i }, attribute.Graphs[i]);
    }

    private void AddSparse(TensorName name, SparseTensorProto sparse)
    {
        if (sparse.Values is { } values)
            Add(name with { Part = "values" }, values);
        if (sparse.Indices is { } indices)
            Add(name with { Part = "indices" }, indices);
    }

    private StoredTensor Add(TensorName name, TensorProto tensor)
    {
        var stored = new StoredTensor(this, name, tensor);
        _tensors.Add(stored);
        return stored;
    }

    // Names may be as long as a file.
    private static string Shorten(string name) => name.Length <= LongestName ? name : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
}

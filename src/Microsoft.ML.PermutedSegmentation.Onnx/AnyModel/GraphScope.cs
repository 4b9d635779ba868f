using System.Security.Cryptography;
using System.Text;
using Onnx;

namespace Microsoft.ML.PermutedSegmentation.AnyModel;

/// <summary>One graph of an ONNX model: the main one, a branch or body in a node, or a function; and the constants that its nodes can read.</summary>
internal sealed class GraphScope
{
    // Names in the whole file are made of the names on the way to a graph.
    private const int LongestPath = 512;

    private readonly GraphScope? _parent;
    private readonly Dictionary<string, StoredTensor> _constants = [];
    private readonly Dictionary<string, NodeProto> _producers = [];
    private readonly List<StoredTensor> _tensors = [];

    private GraphScope(GraphScope? parent, string path, IReadOnlyList<NodeProto> nodes)
    {
        // Names can be as long as a file, and lie in one another.
        string shortened = path.Length <= LongestPath ? path : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path))) + "/";
        (_parent, Path, Nodes) = (parent, shortened, nodes);
    }

    /// <summary>What the names of its tensors in the whole file begin with; empty for the main graph.</summary>
    public string Path { get; }

    public IReadOnlyList<NodeProto> Nodes { get; }

    /// <summary>All tensors that this graph itself holds, in their order.</summary>
    public IReadOnlyList<StoredTensor> Tensors => _tensors;

    /// <summary>All graphs of a model, outer ones before inner ones; functions and training come last.</summary>
    public static IReadOnlyList<GraphScope> AllOf(ModelProto model)
    {
        var scopes = new List<GraphScope>();
        if (model.Graph is not null)
            Add(scopes, null, "", model.Graph);
        foreach (FunctionProto function in model.Functions)
        {
            var scope = new GraphScope(null, $"{function.Domain}::{function.Name}{function.Overload}/", function.Node);
            scopes.Add(scope);
            foreach (AttributeProto attribute in function.AttributeProto)
                scope.AddAttribute(scopes, attribute.Name, attribute, isConstant: false);
            scope.AddNodes(scopes);
        }
        for (int i = 0; i < model.TrainingInfo.Count; i++)
        {
            foreach (GraphProto graph in ((GraphProto?[])[model.TrainingInfo[i].Initialization, model.TrainingInfo[i].Algorithm]).OfType<GraphProto>())
                Add(scopes, null, $"training/{i}/{(ReferenceEquals(graph, model.TrainingInfo[i].Initialization) ? "initialization" : "algorithm")}/", graph);
        }
        return scopes;
    }

    /// <summary>The constant that a node of this graph reads under a name; null when it is none.</summary>
    public StoredTensor? FindConstant(string name) => _constants.GetValueOrDefault(name) ?? _parent?.FindConstant(name);

    /// <summary>The node that gives a value, in this graph or one around it; null when it is an input, or nothing.</summary>
    public NodeProto? FindProducer(string name) => _producers.GetValueOrDefault(name) ?? _parent?.FindProducer(name);

    private static void Add(List<GraphScope> scopes, GraphScope? parent, string path, GraphProto graph)
    {
        var scope = new GraphScope(parent, path, graph.Node);
        scopes.Add(scope);
        foreach (TensorProto tensor in graph.Initializer)
            scope._constants[tensor.Name] = scope.Add(tensor.Name, tensor);
        foreach (SparseTensorProto sparse in graph.SparseInitializer)
            scope.AddSparse(sparse.Values?.Name ?? "", sparse);
        scope.AddNodes(scopes);
    }

    private void AddNodes(List<GraphScope> scopes)
    {
        foreach (NodeProto node in Nodes)
        {
            string output = node.Output.FirstOrDefault("");
            if (output.Length > 0)
                _producers[output] = node;
            string label = node.Name.Length > 0 ? node.Name : output;
            foreach (AttributeProto attribute in node.Attribute)
                AddAttribute(scopes, node.OpType == "Constant" ? output : $"{label}/{attribute.Name}", attribute, isConstant: node.OpType == "Constant");
        }
    }

    private void AddAttribute(List<GraphScope> scopes, string name, AttributeProto attribute, bool isConstant)
    {
        if (attribute.T is { } tensor)
        {
            StoredTensor stored = Add(name, tensor);
            if (isConstant)
                _constants[name] = stored;
        }
        for (int i = 0; i < attribute.Tensors.Count; i++)
            Add($"{name}/{i}", attribute.Tensors[i]);
        if (attribute.SparseTensor is { } sparse)
            AddSparse(name, sparse);
        for (int i = 0; i < attribute.SparseTensors.Count; i++)
            AddSparse($"{name}/{i}", attribute.SparseTensors[i]);
        if (attribute.G is { } graph)
            Add(scopes, this, $"{Path}{name}/", graph);
        for (int i = 0; i < attribute.Graphs.Count; i++)
            Add(scopes, this, $"{Path}{name}/{i}/", attribute.Graphs[i]);
    }

    private void AddSparse(string name, SparseTensorProto sparse)
    {
        if (sparse.Values is { } values)
            Add($"{name}/values", values);
        if (sparse.Indices is { } indices)
            Add($"{name}/indices", indices);
    }

    private StoredTensor Add(string name, TensorProto tensor)
    {
        var stored = new StoredTensor(this, name, tensor);
        _tensors.Add(stored);
        return stored;
    }
}

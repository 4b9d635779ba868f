"""Writes small models of other people's kinds: python3 make_onnx_fixtures.py FOLDER (needs PyTorch, onnx and NumPy; Debian's are fine).

With --large FOLDER it writes torchvision's networks and larger ones instead, for trying things by hand.
"""
import os
import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as nh
from torch import nn


class UNet(nn.Module):
    """Two levels; with a depthwise convolution at the bottom."""

    def __init__(self, width=8, classes=3):
        super().__init__()
        def block(a, b):
            return nn.Sequential(nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU())
        self.down1, self.down2 = block(3, width), block(width, 2 * width)
        self.bottom = nn.Sequential(nn.Conv2d(2 * width, 2 * width, 3, padding=1, groups=2 * width), nn.Conv2d(2 * width, 2 * width, 3, padding=1, groups=2), nn.ReLU())
        self.up = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.last, self.head = block(2 * width, width), nn.Conv2d(width, classes, 1)

    def forward(self, x):
        fine = self.down1(x)
        coarse = self.bottom(self.down2(nn.functional.max_pool2d(fine, 2)))
        return self.head(self.last(torch.cat([fine, self.up(coarse)], 1)))


class Transformer(nn.Module):
    """Patches of 4x4 pixels, one layer of attention, a linear head, upsampled."""

    def __init__(self, size=16, width=16, classes=3, layers=1, heads=2):
        super().__init__()
        self.patches, self.grid = nn.Conv2d(3, width, 4, stride=4), size // 4
        self.position = nn.Parameter(torch.randn(1, self.grid ** 2, width) * 0.1)
        self.layers = nn.ModuleList([nn.ModuleDict({
            "norm1": nn.LayerNorm(width), "qkv": nn.Linear(width, 3 * width), "out": nn.Linear(width, width),
            "norm2": nn.LayerNorm(width), "mlp": nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))}) for _ in range(layers)])
        self.heads, self.head = heads, nn.Linear(width, classes)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2) + self.position
        n, l, d = x.shape
        for layer in self.layers:
            q, k, v = layer["qkv"](layer["norm1"](x)).reshape(n, l, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
            a = torch.softmax(q @ k.transpose(2, 3) * (d // self.heads) ** -0.5, -1) @ v
            x = x + layer["out"](a.transpose(1, 2).reshape(n, l, d))
            x = x + layer["mlp"](layer["norm2"](x))
        x = self.head(x).transpose(1, 2).reshape(n, -1, self.grid, self.grid)
        return nn.functional.interpolate(x, scale_factor=4, mode="bilinear", align_corners=False)


def export(model, path, size, opset, half=False):
    torch.manual_seed(1)
    model = model.eval()
    image = torch.rand(1, 3, size, size)
    torch.onnx.export(model, image, path, opset_version=opset, input_names=["image"], output_names=["scores"], dynamic_axes={"image": {0: "n"}, "scores": {0: "n"}})
    if half:
        to_half(path)


def to_half(path):
    """All floats become halves: PyTorch of the CPU cannot trace a network of halves."""
    model = onnx.load(path)
    def convert(tensor):
        if tensor.data_type == T.FLOAT:
            tensor.CopyFrom(nh.from_array(nh.to_array(tensor).astype(np.float16), tensor.name))
    for tensor in model.graph.initializer:
        convert(tensor)
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                convert(attribute.t)
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i == T.FLOAT:
                attribute.i = T.FLOAT16
    for value in list(model.graph.input) + list(model.graph.output) + list(model.graph.value_info):
        if value.type.tensor_type.elem_type == T.FLOAT:
            value.type.tensor_type.elem_type = T.FLOAT16
    # Resize reads its scales as floats.
    resized = {name for node in model.graph.node if node.op_type == "Resize" for name in node.input[1:3]}
    for tensor in model.graph.initializer:
        if tensor.name in resized and tensor.data_type == T.FLOAT16:
            tensor.CopyFrom(nh.from_array(nh.to_array(tensor).astype(np.float32), tensor.name))
    for node in model.graph.node:
        if node.op_type == "Constant" and node.output[0] in resized:
            for attribute in node.attribute:
                if attribute.t.data_type == T.FLOAT16:
                    attribute.t.CopyFrom(nh.from_array(nh.to_array(attribute.t).astype(np.float32), attribute.t.name))
    onnx.save(model, path)


def many_forms(path):
    """Each operator and each form of weights that ONNX has: input x [1, 4, 4, 4], output y."""
    r = np.random.default_rng(1)
    def f(*shape):
        return r.normal(size=shape).astype(np.float32)
    def i8(*shape):
        return r.integers(-100, 100, shape).astype(np.int8)
    def u8(*shape):
        return r.integers(0, 200, shape).astype(np.uint8)
    def typed(name, kind, array, values):
        return h.make_tensor(name, kind, array.shape, values)
    half = f(4, 4, 1, 1).astype(np.float16)
    branch = h.make_graph(
        [h.make_node("MatMul", ["rows", "shared"], ["inner"], name="inner")], "then", [], [h.make_tensor_value_info("inner", T.FLOAT, [16, 4])])
    other = h.make_graph(
        [h.make_node("Constant", [], ["w"], value=nh.from_array(f(4, 4))), h.make_node("MatMul", ["rows", "w"], ["inner2"])],
        "else", [], [h.make_tensor_value_info("inner2", T.FLOAT, [16, 4])])
    loop = h.make_graph(
        [h.make_node("Identity", ["go"], ["go_on"]), h.make_node("Gemm", ["state", "loop_w"], ["product"], name="gemm"), h.make_node("Tanh", ["product"], ["next"])],
        "body", [h.make_tensor_value_info("step", T.INT64, []), h.make_tensor_value_info("go", T.BOOL, []), h.make_tensor_value_info("state", T.FLOAT, [16, 4])],
        [h.make_tensor_value_info("go_on", T.BOOL, []), h.make_tensor_value_info("next", T.FLOAT, [16, 4])], [nh.from_array(f(4, 4), "loop_w")])
    nodes = [
        h.make_node("Conv", ["x", "typed_w"], ["c1"], name="typed", pads=[1, 1, 1, 1]),
        # A Constant node with halves as int32_data, through Cast.
        h.make_node("Constant", [], ["half_w"], value=typed("", T.FLOAT16, half, half.flatten().tolist())),
        h.make_node("Cast", ["half_w"], ["half_f"], to=T.FLOAT),
        h.make_node("Conv", ["c1", "half_f"], ["c2"]),
        # Quantised weights before a convolution.
        h.make_node("DequantizeLinear", ["qdq_w", "qdq_scale", "qdq_zero"], ["qdq_f"], axis=0),
        h.make_node("Conv", ["c2", "qdq_f"], ["c3"]),
        h.make_node("QuantizeLinear", ["c3", "act_scale", "act_zero"], ["q3"]),
        h.make_node("QLinearConv", ["q3", "act_scale", "act_zero", "qlin_w", "qlin_scale", "qlin_zero", "act_scale", "act_zero"], ["q4"]),
        h.make_node("ConvInteger", ["q4", "int_w", "act_zero"], ["i5"]),
        h.make_node("Cast", ["i5"], ["f5"], to=T.FLOAT),
        h.make_node("Mul", ["f5", "small"], ["c5"]),
        h.make_node("Reshape", ["c5", "rows_shape"], ["rows"]),
        h.make_node("QuantizeLinear", ["rows", "act_scale", "act_zero"], ["qrows"]),
        h.make_node("QLinearMatMul", ["qrows", "act_scale", "act_zero", "qmat_w", "qmat_scale", "qmat_zero", "act_scale", "act_zero"], ["q6"]),
        h.make_node("MatMulInteger", ["q6", "intmat_w", "act_zero"], ["i7"]),
        h.make_node("Cast", ["i7"], ["f7"], to=T.FLOAT),
        h.make_node("Mul", ["f7", "small"], ["m7"]),
        # The same weights in two layers, one of which reads them transposed.
        h.make_node("MatMul", ["m7", "shared"], ["m8"]),
        h.make_node("Transpose", ["shared"], ["shared_t"], perm=[1, 0]),
        h.make_node("MatMul", ["m8", "shared_t"], ["m9"]),
        h.make_node("Gemm", ["gemm_a", "m9"], ["m10"], transA=1),
        h.make_node("Gemm", ["m10", "gemm_b"], ["m11"], transB=1),
        h.make_node("If", ["yes"], ["m12"], name="choice", then_branch=branch, else_branch=other),
        h.make_node("Add", ["m11", "m12"], ["m13"]),
        h.make_node("Loop", ["three", "yes", "m13"], ["m14"], name="repeat", body=loop),
        h.make_node("Double", ["m14"], ["y"], domain="local"),
    ]
    double = h.make_function(
        "local", "Double", ["a"], ["b"],
        [h.make_node("Constant", [], ["function_w"], value=nh.from_array(f(4, 4))), h.make_node("MatMul", ["a", "function_w"], ["b"])], [h.make_opsetid("", 17)])
    tw = f(4, 4, 3, 3)
    qw, iw = i8(4, 4, 1, 1), u8(4, 4, 1, 1)
    tensors = [
        typed("typed_w", T.FLOAT, tw, tw.flatten().tolist()),
        typed("qdq_w", T.INT8, qw, qw.flatten().tolist()), nh.from_array(np.full(4, 0.02, np.float32), "qdq_scale"), nh.from_array(np.zeros(4, np.int8), "qdq_zero"),
        nh.from_array(np.float32(0.05), "act_scale"), nh.from_array(np.uint8(128), "act_zero"),
        nh.from_array(i8(4, 4, 1, 1), "qlin_w"), nh.from_array(np.full(4, 0.01, np.float32), "qlin_scale"), nh.from_array(np.zeros(4, np.int8), "qlin_zero"),
        typed("int_w", T.UINT8, iw, iw.flatten().tolist()), nh.from_array(np.float32(0.0005), "small"), nh.from_array(np.array([16, 4], np.int64), "rows_shape"),
        nh.from_array(u8(4, 4), "qmat_w"), nh.from_array(np.float32(0.01), "qmat_scale"), nh.from_array(np.uint8(100), "qmat_zero"),
        nh.from_array(u8(4, 4), "intmat_w"), nh.from_array(f(4, 4), "shared"), nh.from_array(f(16, 16), "gemm_a"), nh.from_array(f(4, 4), "gemm_b"),
        nh.from_array(np.bool_(True), "yes"), nh.from_array(np.int64(3), "three"),
    ]
    graph = h.make_graph(nodes, "many", [h.make_tensor_value_info("x", T.FLOAT, [1, 4, 4, 4])], [h.make_tensor_value_info("y", T.FLOAT, [16, 4])], tensors)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17), h.make_opsetid("local", 1), h.make_opsetid("somebody.else", 3)], functions=[double], ir_version=8)
    h.set_model_props(model, {"owner": "someone"})
    onnx.checker.check_model(model)
    onnx.save(model, path)


def external(path):
    """A linear layer whose weights lie beside the file."""
    r = np.random.default_rng(2)
    graph = h.make_graph(
        [h.make_node("Gemm", ["x", "w1", "b1"], ["h1"]), h.make_node("Relu", ["h1"], ["h2"]), h.make_node("MatMul", ["h2", "w2"], ["y"])], "external",
        [h.make_tensor_value_info("x", T.FLOAT, ["n", 8])], [h.make_tensor_value_info("y", T.FLOAT, ["n", 3])],
        [nh.from_array(r.normal(size=(8, 16)).astype(np.float32), "w1"), nh.from_array(r.normal(size=16).astype(np.float32), "b1"),
         nh.from_array(r.normal(size=(16, 3)).astype(np.float32), "w2")])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    # What is there would be appended to.
    data = os.path.join(os.path.dirname(path), "external.bin")
    if os.path.exists(data):
        os.remove(data)
    onnx.save(model, path, save_as_external_data=True, all_tensors_to_one_file=True, location="external.bin", size_threshold=0)


def large(folder):
    import torchvision.models.segmentation as s
    class Out(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner
        def forward(self, x):
            return self.inner(x)["out"]
    for opset in (11, 13, 17):
        for half in (False, True):
            for name, make, size in [("deeplabv3_resnet50", lambda: Out(s.deeplabv3_resnet50(weights_backbone=None, num_classes=21)), 128),
                                     ("lraspp_mobilenet_v3_large", lambda: Out(s.lraspp_mobilenet_v3_large(weights_backbone=None, num_classes=21)), 128),
                                     ("unet", lambda: UNet(32, 12), 128), ("transformer", lambda: Transformer(64, 128, 12, 4, 4), 64)]:
                torch.manual_seed(1)
                export(make(), f"{folder}/{name}-{opset}{'-half' if half else ''}.onnx", size, opset, half)
                print(name, opset, half, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--large":
        large(sys.argv[2])
    else:
        folder = sys.argv[1]
        torch.manual_seed(1)
        unet = UNet()
        # So that all classes are seen.
        unet.head.weight.data *= 8
        unet.head.bias.data.zero_()
        export(unet, f"{folder}/unet.onnx", 16, 11)
        torch.manual_seed(1)
        export(Transformer(), f"{folder}/transformer.onnx", 16, 17, half=True)
        many_forms(f"{folder}/many-forms.onnx")
        external(f"{folder}/external.onnx")

#!/usr/bin/env python3
"""Makes torchvision.safetensors: what PyTorch and torchvision say of names, values and scores, without a line of the library.

    apt-get install python3-torchvision
    /usr/bin/python3 make_torchvision_fixture.py

Weights and images follow formulas that the tests have, too (FormulaWeights.cs), so that the file only holds

* for FCNs of ResNet-50 at stride 8 and ResNet-18 at stride 32 (resnet50, resnet18), for deeplabv3_resnet50 and for
  lraspp_mobilenet_v3_large, {network}/logits: what torchvision's network says of the formulas' image, and in the metadata
  {network}/state: its state dict, a name and a shape a line;
* in the metadata mobilenet_v3_large/state, the state dict of the network that classifies ImageNet;
* numbers in other element types, {type}, beside what PyTorch makes of them as 32-bit floats, {type}/as-float;
* a tensor of no dimension, and one of no value.

The file is written here from the description of the format alone.
"""
import json
import math
import os
import struct

import numpy
import torch
from torchvision.models import mobilenet_v3_large, resnet18
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation import deeplabv3_resnet50, fcn_resnet50, lraspp_mobilenet_v3_large
from torchvision.models.segmentation.fcn import FCN, FCNHead
from torchvision.transforms.functional import normalize, to_tensor

NAMES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64", torch.int64: "I64"}


def hashes(name, count):
    """The 32-bit finalizer of MurmurHash3 over a counter that starts at the name's FNV-1a hash."""
    seed = 2166136261
    for byte in name.encode("ascii"):
        seed = (seed ^ byte) * 16777619 % 2 ** 32
    x = numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(2654435761) + numpy.uint32(seed)
    for shift, factor in (16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1):
        x = (x ^ (x >> numpy.uint32(shift))) * numpy.uint32(factor)
    return x


def weights(name, shape):
    if name.endswith("num_batches_tracked"):
        return torch.tensor(1234)
    if len(shape) == 4:
        center, spread = 0.0, math.sqrt(6 / (shape[1] * shape[2] * shape[3]))
    elif name.endswith("running_var") or name.endswith("weight"):
        center, spread = 0.75, 0.25
    else:
        center, spread = 0.0, 0.25
    uniform = (hashes(name, math.prod(shape)) >> numpy.uint32(8)).astype(numpy.float64) / 2 ** 23 - 1
    return torch.from_numpy((center + spread * uniform).astype(numpy.float32)).reshape(tuple(shape))


def image(height, width):
    """Slopes, edges and a little noise."""
    y, x, color = numpy.meshgrid(numpy.arange(height), numpy.arange(width), numpy.arange(3), indexing="ij")
    noise = (hashes("image", height * width * 3) >> numpy.uint32(28)).reshape(height, width, 3)
    return ((5 * x + 3 * y + 70 * color + 90 * ((x // 16 + y // 12) % 2) + noise) % 256).astype(numpy.uint8)


def run(model, height, width):
    model.load_state_dict({name: weights(name, tensor.shape) for name, tensor in model.state_dict().items()}, strict=True)
    model.eval()
    images = normalize(to_tensor(image(height, width)), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]).unsqueeze(0)
    with torch.no_grad():
        logits = model(images)["out"]
    classes = numpy.bincount(logits.argmax(1).flatten().numpy(), minlength=logits.shape[1])
    print(f"{height}x{width}: logits from {logits.min():.3f} to {logits.max():.3f}, deviation {logits.std():.3f}, pixels per class {classes.tolist()}")
    return logits


def state(model):
    return "\n".join(f"{name} {NAMES[tensor.dtype]} {list(tensor.shape)}" for name, tensor in model.state_dict().items())


def write(path, metadata, tensors):
    header, offset = {"__metadata__": metadata}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            bits = tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor  # numpy has no bfloat16
            file.write(bits.numpy().tobytes())


bottleneck = fcn_resnet50(weights=None, weights_backbone=None, num_classes=21, aux_loss=True)
basic = FCN(IntermediateLayerGetter(resnet18(weights=None), {"layer4": "out"}), FCNHead(512, 5))
deeplab = deeplabv3_resnet50(weights=None, weights_backbone=None, num_classes=7, aux_loss=True)
lraspp = lraspp_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=4)
tensors = {"resnet50/logits": run(bottleneck, 48, 64), "resnet18/logits": run(basic, 64, 96),
           "deeplabv3_resnet50/logits": run(deeplab, 48, 64), "lraspp_mobilenet_v3_large/logits": run(lraspp, 64, 96)}

numbers = torch.tensor([0.0, -0.0, 1.0, -1.5, 1 / 3, 65504.0, 6e-8, 1e-4, math.pi, -math.e, 1e5, 1e-40, math.inf], dtype=torch.float64)
for kind in torch.float16, torch.bfloat16, torch.float64:
    tensors[NAMES[kind]] = numbers.to(kind)
    tensors[NAMES[kind] + "/as-float"] = numbers.to(kind).to(torch.float32)
tensors["scalar"] = torch.tensor(2.5)
tensors["empty"] = torch.zeros(3, 0)
write(os.path.join(os.path.dirname(os.path.abspath(__file__)), "torchvision.safetensors"),
      {"resnet50/state": state(bottleneck), "resnet18/state": state(basic), "deeplabv3_resnet50/state": state(deeplab),
       "lraspp_mobilenet_v3_large/state": state(lraspp), "mobilenet_v3_large/state": state(mobilenet_v3_large(weights=None))}, tensors)

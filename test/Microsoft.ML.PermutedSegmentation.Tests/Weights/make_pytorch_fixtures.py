#!/usr/bin/env python3
"""Makes pytorch-*.pth: small files as torch.save writes them.

    apt-get install python3-torch
    /usr/bin/python3 make_pytorch_fixtures.py

* pytorch-new.pth and pytorch-old.pth hold the same tensors, in the forms of torch since 1.6 and before. Every tensor has the values 0, 1, 2, ... in
  the order of its shape, whatever its type, its strides and its place in its storage are.
* pytorch-checkpoint.pth has some of them as "model_state_dict", beside an optimizer's state.
* pytorch-training2.pth, pytorch-training4.pth and pytorch-training5.pth have them as "state_dict", beside what trainings keep, by these versions of
  the pickle protocol.
* pytorch-network.pth is a whole network, a Python object.
"""
import argparse
import collections
import os
import pathlib
import random

import numpy
import torch

os.chdir(os.path.dirname(os.path.abspath(__file__)))


def counting(*shape, type=torch.float32):
    count = 1
    for length in shape:
        count *= length
    return torch.arange(count, dtype=torch.float64).reshape(shape).to(type)


shared = torch.cat([torch.full((5,), -1.0), counting(6), counting(3)])
wide = torch.full((2, 7), -1.0)
wide[:, 2:5] = counting(2, 3)
state = collections.OrderedDict(
    float=counting(2, 3), double=counting(4, type=torch.float64), half=counting(2, 2, type=torch.float16), bfloat=counting(3, 1, type=torch.bfloat16),
    counter=torch.tensor(0), scalar=torch.tensor(0.0), empty=torch.empty(0, 3), parameter=torch.nn.Parameter(counting(3)),
    channels_last=counting(2, 3, 4, 5).contiguous(memory_format=torch.channels_last), transposed=counting(3, 2).t().contiguous().t(),
    first=shared[5:11].view(2, 3), second=shared[11:], part=wide[:, 2:5], uint8=counting(3, type=torch.uint8))
state._metadata = collections.OrderedDict([("", dict(version=1))])
torch.save(state, "pytorch-new.pth")
torch.save(state, "pytorch-old.pth", _use_new_zipfile_serialization=False)

network = torch.nn.Linear(2, 3)
with torch.no_grad():
    network.weight.copy_(counting(3, 2))
    network.bias.copy_(counting(3))
optimizer = torch.optim.Adam(network.parameters(), 0.1)
network(torch.ones(1, 2)).sum().backward()
optimizer.step()
with torch.no_grad():
    network.weight.copy_(counting(3, 2))
    network.bias.copy_(counting(3))
torch.save({"epoch": 3, "lr": 1e-3, "best": None, "done": False, "optimizer": optimizer.state_dict(), "model_state_dict": network.state_dict(),
            "sizes": [1, (2, 3), torch.Size([4])]}, "pytorch-checkpoint.pth")
torch.save(network, "pytorch-network.pth")

values = {"set": {1, 2}, "frozen": frozenset(["a"]), "bytes": b"abc", "long": bytes(300), "array": bytearray(b"abc"), "complex": 1j, "range": range(3)}
settings = argparse.Namespace(lr=0.1, device=torch.device("cpu"), type=torch.float16, path=pathlib.PosixPath("a/b"), values=values)
counts = collections.defaultdict(int, a=1)
for protocol in (2, 4, 5):
    torch.save({"best": torch.tensor(0.5), "args": settings, "state_dict": state, "counts": counts, "histogram": collections.Counter("aab"),
                "random": random.Random(1).getstate()[1][:9], "numpy": numpy.arange(3.0), "score": numpy.float64(0.5), "rng": torch.zeros(4, dtype=torch.uint8)},
               f"pytorch-training{protocol}.pth", pickle_protocol=protocol)

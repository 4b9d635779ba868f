"""The other side of the comparison: torchvision's FCN, in a process of its own.

Usage: python3 peer.py WORKLOAD    (JSON, written by the benchmarks program)
Prints the numbers as one line of JSON, the last one. Needs torch and torchvision; both take the weights that our side wrote.
"""
import json
import os
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor

WORKLOAD = json.loads(sys.argv[1])

import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.segmentation.fcn import FCN, FCNHead
from torchvision.transforms import functional as F

torch.set_num_threads(WORKLOAD["threads"])
SIZE, BATCH, IMAGES, CLASSES, WARM_UP_RUNS = (WORKLOAD[name] for name in ("size", "batch", "images", "classes", "warmUpRuns"))
VARIANT = WORKLOAD["variant"].split("+")
DEVICE = torch.device(WORKLOAD["device"])
WORKERS = next((int(part[len("loader"):]) for part in VARIANT if part.startswith("loader")), 0)
MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def megabytes(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name)) * 1024 / 1e6


class Scores(torch.nn.Module):
    """The FCN with a tensor as its output, which tracing asks for."""

    def __init__(self):
        super().__init__()
        if WORKLOAD["backbone"] == "ResNet50":
            self.fcn = torchvision.models.segmentation.fcn_resnet50(weights=None, weights_backbone=None, num_classes=CLASSES)
        else:  # not in torchvision, but made of its parts
            backbone = getattr(torchvision.models, WORKLOAD["backbone"].lower())(weights=None)
            self.fcn = FCN(IntermediateLayerGetter(backbone, {"layer4": "out"}), FCNHead(512, CLASSES))

    def forward(self, images):
        return self.fcn(images)["out"]


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    types = {"F32": torch.float32, "I64": torch.int64}
    return {name: torch.frombuffer(data, dtype=types[entry["dtype"]], offset=entry["data_offsets"][0],
                                   count=max(1, int(np.prod(entry["shape"])))).reshape(entry["shape"])
            for name, entry in header.items() if name != "__metadata__"}


def load():
    model = Scores().eval()
    name = "%s-%d-%d.safetensors" % (WORKLOAD["backbone"], SIZE, CLASSES)
    model.fcn.load_state_dict(read_safetensors(os.path.join(WORKLOAD["folder"], name)))
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    model = model.to(DEVICE)
    if "bfloat16" in VARIANT:
        model = model.to(torch.bfloat16)
    if "channels_last" in VARIANT:
        model = model.to(memory_format=torch.channels_last)
    if "jit" in VARIANT:
        model = torch.jit.optimize_for_inference(torch.jit.trace(model, placed(torch.zeros(BATCH, 3, SIZE, SIZE))))
    return model


def placed(images):
    images = images.to(DEVICE, non_blocking=True)
    if "bfloat16" in VARIANT and WORKLOAD["kind"] != "train":
        images = images.to(torch.bfloat16)
    return images.contiguous(memory_format=torch.channels_last) if "channels_last" in VARIANT else images


def files(count):
    folder = os.path.join(WORKLOAD["folder"], "images")
    names = sorted(os.listdir(folder))
    return [os.path.join(folder, names[i % len(names)]) for i in range(count)]


def read(path):
    image = F.resize(Image.open(path).convert("RGB"), [SIZE, SIZE])
    return F.normalize(F.to_tensor(image), MEAN, DEVIATION)


class Files(torch.utils.data.Dataset):
    def __init__(self, paths):
        self.paths = paths

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        return read(self.paths[index])


LOADERS = {}


def loader(data, **options):
    return torch.utils.data.DataLoader(data, BATCH, num_workers=WORKERS, pin_memory=DEVICE.type == "cuda", **options)


def batches(paths):
    """The normalized batches; read-ahead makes the next one while the network is busy, and loader processes several."""
    if WORKERS:
        if len(paths) not in LOADERS:  # its processes are started once, and stay
            LOADERS[len(paths)] = loader(Files(paths), persistent_workers=True)
        yield from map(placed, LOADERS[len(paths)])
        return
    parts = [paths[i:i + BATCH] for i in range(0, len(paths), BATCH)]
    make = lambda part: placed(torch.stack([read(path) for path in part]))
    if "read_ahead" not in VARIANT:
        yield from map(make, parts)
        return
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(make, parts[0])
        for part in parts[1:]:
            ready, coming = coming.result(), pool.submit(make, part)
            yield ready
        yield coming.result()


def labels(model, images):
    return model(images).argmax(1).to(torch.uint8).cpu().numpy()


def score(model, count, note=lambda done: None):
    done = 0
    for images in batches(files(count)):
        made = labels(model, images)
        if done == 0 and WORKLOAD.get("labelsFile"):
            made[0].tofile(WORKLOAD["labelsFile"])
        done += len(made)
        note(done)


def pipeline():
    model = load()
    score(model, IMAGES if WORKERS else WARM_UP_RUNS * BATCH)
    start = time.perf_counter()
    score(model, IMAGES)
    return {"secondsPerImage": (time.perf_counter() - start) / IMAGES}


def network():
    model, runs = load(), max(1, IMAGES // BATCH)
    images = placed(torch.stack([read(path) for path in files(BATCH)]))
    for _ in range(WARM_UP_RUNS):
        labels(model, images)
    start = time.perf_counter()
    for _ in range(runs):
        labels(model, images)
    return {"secondsPerImage": (time.perf_counter() - start) / runs / BATCH}


def first():
    start = time.perf_counter()
    score(load(), 1)
    return {"firstSeconds": time.perf_counter() - start, "firstSecondsSinceStart": time.time() - float(os.environ["STARTED_AT"])}


def stream():
    model, numbers = load(), {}

    def note(done):
        if done % (IMAGES // 20) < BATCH:
            numbers["residentAfter%d" % (done // (IMAGES // 20) * (IMAGES // 20))] = megabytes("VmRSS")

    start = time.perf_counter()
    score(model, IMAGES, note)
    numbers["secondsPerImage"] = (time.perf_counter() - start) / IMAGES
    return numbers


class Photos(torch.utils.data.Dataset):
    """Decoded once and kept, cropped and flipped at random each time, as on our side."""

    def __init__(self, count):
        masks = os.path.join(WORKLOAD["folder"], "masks")
        self.pairs = [(Image.open(path).convert("RGB"), Image.open(os.path.join(masks, os.path.basename(path)[:-3] + "png"))) for path in files(count)]
        for _, mask in self.pairs:
            mask.load()

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        image, mask = self.pairs[index]
        box = torchvision.transforms.RandomResizedCrop.get_params(image, (0.75, 1.0), (3 / 4, 4 / 3))
        image = F.resized_crop(image, *box, [SIZE, SIZE])
        mask = F.resized_crop(mask, *box, [SIZE, SIZE], F.InterpolationMode.NEAREST)
        if torch.rand(1) < 0.5:
            image, mask = F.hflip(image), F.hflip(mask)
        return F.normalize(F.to_tensor(image), MEAN, DEVIATION), torch.from_numpy(np.array(mask)).long()


def train():
    model = Scores().train().to(DEVICE)
    if "channels_last" in VARIANT:
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=0.005)
    photos = loader(Photos(IMAGES), shuffle=True, persistent_workers=WORKERS > 0)
    held_out = torch.utils.data.DataLoader(Photos(BATCH), BATCH)
    steps, numbers = [], {}
    for epoch in range(WORKLOAD["epochs"]):
        model.train()
        last = None
        for images, masks in photos:
            optimizer.zero_grad()
            with torch.autocast(DEVICE.type, dtype=torch.bfloat16, enabled="bfloat16" in VARIANT):
                loss = torch.nn.functional.cross_entropy(model(placed(images)).float(), masks.to(DEVICE, non_blocking=True), ignore_index=255)
            loss.backward()
            optimizer.step()
            loss.item()
            now = time.perf_counter()
            if last is not None:
                steps.append(now - last)
            last = now
        model.eval()
        with torch.inference_mode():
            for images, masks in held_out:
                torch.nn.functional.cross_entropy(model(placed(images)), masks.to(DEVICE), ignore_index=255).item()
        numbers["residentAfterEpoch%d" % (epoch + 1)] = megabytes("VmRSS")
    numbers["secondsPerStep"] = sorted(steps)[len(steps) // 2]
    return numbers


if __name__ == "__main__":
    measure = {f.__name__: f for f in (pipeline, network, first, stream, train)}[WORKLOAD["kind"]]
    with torch.inference_mode(measure is not train):
        result = measure()
    result["peakMegabytes"] = megabytes("VmHWM")
    print(json.dumps(result))

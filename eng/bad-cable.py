"""bad-cable.py FIRST SECOND DELAY LOSS: a cable between two network namespaces that delays and loses what it carries.

It ends in a device "cable" in each of them. Each frame comes DELAY milliseconds later, and a share LOSS of them, such as 0.01, not at all. The kernel's own
means for that, sch_netem, is missing from many kernels of virtual machines. Needs root; runs until it is ended.
"""
import collections
import ctypes
import fcntl
import os
import random
import select
import struct
import sys
import time

CLONE_NEWNET, TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x40000000, 0x400454CA, 0x0002, 0x1000
LARGEST_FRAME = 65536


def end_in(namespace):
    """The file through which the frames of a new device in a namespace go."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"{namespace} cannot be entered")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"cable", IFF_TAP | IFF_NO_PI))
    return device


def send(device, frame):
    try:
        os.write(device, frame)
    except OSError:
        pass  # The device is not up yet, or has no room: one frame more that is lost.


def main(first, second, delay, loss):
    ends = [end_in(first), end_in(second)]
    other = dict(zip(ends, reversed(ends)))
    under_way = collections.deque()  # In the order in which they arrive, since all take as long.
    poll = select.poll()
    for end in ends:
        poll.register(end, select.POLLIN)
    chance = random.Random(1)
    while True:
        wait = max(0, under_way[0][0] - time.monotonic()) * 1000 if under_way else None
        for end, _ in poll.poll(wait):
            frame = os.read(end, LARGEST_FRAME)
            if chance.random() >= loss:
                under_way.append((time.monotonic() + delay, other[end], frame))
        while under_way and under_way[0][0] <= time.monotonic():
            _, end, frame = under_way.popleft()
            send(end, frame)


main(sys.argv[1], sys.argv[2], float(sys.argv[3]) / 1000, float(sys.argv[4]))

"""Reckons the table of docs/scaling.md, "Several machines": how much of N processes' speed is left when they train together."""
GRADIENTS = 47e6  # Bytes, of a FCN-ResNet-18.
FIXED, PER_IMAGE, IMAGES = 0.37, 0.45, 8  # Measured: seconds of a step with one thread at 256x256.
MESSAGES_OF_SUMS = 24  # In a step, for each other process.
NORMS = [64] * 5 + [128] * 5 + [256] * 5 + [512] * 5 + [128]  # Channels of the layers with batch norm.
MACHINES = [("as measured", 1), ("ten times as fast", 10)]
NETWORKS = [("1 Gb/s", 1e9, 50e-6), ("10 Gb/s", 1e10, 30e-6), ("100 Gb/s", 1e11, 3e-6)]
PROCESSES = [2, 8, 32, 64, 128, 256]


def share(processes, faster, bits_per_second, latency, is_norm_of_all):
    """Of N times one process's images a second."""
    step = (FIXED + PER_IMAGE * IMAGES) / faster
    sums = 2 * GRADIENTS * (processes - 1) / processes * 8 / bits_per_second + MESSAGES_OF_SUMS * (processes - 1) * latency
    shown = max(0, sums - 2 / 3 * PER_IMAGE * IMAGES / faster)  # Backward hides the rest.
    rounds = processes.bit_length() - 1 + (2 if processes & (processes - 1) else 0)
    norms = sum(rounds * (latency + 8 * values * 8 / bits_per_second) for channels in NORMS for values in (2 * channels + 1, 2 * channels))
    return step / (step + shown + (norms if is_norm_of_all else 0))


print("| Machine | Network | Batch norm |", " | ".join(str(n) for n in PROCESSES), "processes |")
print("|---|---|---|" + "---:|" * len(PROCESSES))
for machine, faster in MACHINES:
    for network, bits_per_second, latency in NETWORKS:
        for norm in ("of all", "own"):
            print(f"| {machine} | {network} | {norm} |", " | ".join(f"{share(n, faster, bits_per_second, latency, norm == 'of all'):.2f}" for n in PROCESSES), "|")

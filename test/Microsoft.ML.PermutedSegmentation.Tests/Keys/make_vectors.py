#!/usr/bin/env python3
"""Makes vectors.json, the expected values of PermutationKeyTests, without a line of the library.

    python3 make_vectors.py > vectors.json

HKDF is written out with hmac (RFC 5869), PBKDF2 is hashlib's, AES-256 is the openssl command line: each counter block is
written out and encrypted in ECB mode. The shuffle follows the design's text word by word. A permutation of more than 64
channels is given by its first 16 numbers and the SHA-256 of the decimal numbers joined by commas.
"""
import hashlib
import hmac
import json
import subprocess
import sys

SALT_A = bytes(range(16))
SALT_B = hashlib.sha256(b"salt b").digest()[:16]
KEY_A = bytes(range(32))
KEY_B = hashlib.sha256(b"key b").digest()
PASSPHRASE = "correct horse bätterie 🔑"
PASSPHRASE_SALT = b"8 bytes!"


def hkdf(key, salt, info, length):
    assert length <= 32
    pseudo_random_key = hmac.new(salt, key, hashlib.sha256).digest()
    return hmac.new(pseudo_random_key, info + b"\x01", hashlib.sha256).digest()[:length]


def words(stream_key, count):
    blocks = b"".join(n.to_bytes(16, "big") for n in range((count + 3) // 4))
    out = subprocess.run(["openssl", "enc", "-aes-256-ecb", "-nopad", "-K", stream_key.hex()],
                         input=blocks, stdout=subprocess.PIPE, check=True).stdout
    return iter([int.from_bytes(out[i:i + 4], "little") for i in range(0, len(out), 4)])


def below(source, bound):
    while True:
        u = next(source)
        if u < 2 ** 32 - 2 ** 32 % bound:
            return u % bound


def permutation(key, salt, feature_map, channels):
    info = f"PermutedSegmentation/v1/feature-map/{feature_map}/{channels}".encode("ascii")
    source = words(hkdf(key, salt, info, 32), channels + 64)
    alpha = list(range(channels))
    for i in range(channels - 1, 0, -1):
        j = below(source, i + 1)
        alpha[i], alpha[j] = alpha[j], alpha[i]
    return alpha


def permutation_vector(key, salt, feature_map, channels):
    alpha = permutation(key, salt, feature_map, channels)
    return {
        "key": key.hex(), "salt": salt.hex(), "featureMap": feature_map, "channels": channels,
        "first": alpha if channels <= 64 else alpha[:16],
        "sha256": hashlib.sha256(",".join(map(str, alpha)).encode("ascii")).hexdigest(),
    }


def draws(stream_key, bound, count):
    source = words(stream_key, 8 * count)
    return {"streamKey": stream_key.hex(), "bound": bound, "values": [below(source, bound) for _ in range(count)]}


passphrase_key = hashlib.pbkdf2_hmac("sha256", PASSPHRASE.encode("utf-8"), PASSPHRASE_SALT, 600000, 32)
cases = [(KEY_A, SALT_A), (KEY_B, SALT_A), (KEY_B, SALT_B)]
vectors = {
    "permutations": [permutation_vector(key, salt, feature_map, channels)
                     for key, salt in cases
                     for feature_map in range(1, 7)
                     for channels in (1, 2, 3, 64, 128, 256, 512, 1024, 2048)],
    "fingerprints": [{"key": key.hex(), "salt": salt.hex(),
                      "fingerprint": hkdf(key, salt, b"PermutedSegmentation/v1/fingerprint", 8).hex()}
                     for key, salt in cases],
    # Bounds so large that many words are drawn again, which no real channel count shows.
    "draws": [draws(KEY_B, bound, 40) for bound in (1, 3, 2 ** 31, 2 ** 31 + 1, 3000000000, 2 ** 32 - 1)],
    "passphrase": {"passphrase": PASSPHRASE, "salt": PASSPHRASE_SALT.hex(),
                   "key": passphrase_key.hex()},
}


def layout(section):
    """One vector a line."""
    if isinstance(section, list):
        return "[\n    " + ",\n    ".join(json.dumps(entry) for entry in section) + "\n  ]"
    return json.dumps(section)


sys.stdout.write("{\n  " + ",\n  ".join(f'"{name}": {layout(section)}' for name, section in vectors.items()) + "\n}\n")

#!/usr/bin/env python3
"""Makes vectors.json, the expected values of BlockVectorTests, without a line of the library.

    python3 make_vectors.py > vectors.json

HKDF is written out with hmac (RFC 5869), AES is the openssl command line in ECB mode, everything else is plain Python on
lists. FF1 (NIST SP 800-38G) is first held against the nine sample vectors that NIST published. An order of more than 64
values is given by its first 16 numbers and the SHA-256 of the decimal numbers joined by commas; images are the hexadecimal
digits of their red, green and blue values, row by row.
"""
import hashlib
import hmac
import json
import subprocess
import sys
from fractions import Fraction

SALT_A = bytes(range(16))
SALT_B = hashlib.sha256(b"salt b").digest()[:16]
KEY_A = bytes(range(32))
KEY_B = hashlib.sha256(b"key b").digest()

NIST_KEY = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94"
NIST_SAMPLES = [  # AES bits, radix, tweak, plaintext, ciphertext
    (128, 10, "", "0123456789", "2433477484"),
    (128, 10, "39383736353433323130", "0123456789", "6124200773"),
    (128, 36, "3737373770717273373737", "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
    (192, 10, "", "0123456789", "2830668132"),
    (192, 10, "39383736353433323130", "0123456789", "2496655549"),
    (192, 36, "3737373770717273373737", "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"),
    (256, 10, "", "0123456789", "6657667009"),
    (256, 10, "39383736353433323130", "0123456789", "1001623463"),
    (256, 36, "3737373770717273373737", "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"),
]


def hkdf(key, salt, info, length=32):
    pseudo_random_key = hmac.new(salt, key, hashlib.sha256).digest()
    return hmac.new(pseudo_random_key, info + b"\x01", hashlib.sha256).digest()[:length]


def derive(key, salt, purpose):
    return hkdf(key, salt, b"PermutedSegmentation/v1/block/" + purpose.encode("ascii"))


def aes(key, blocks):
    """Encrypts each block of 16 bytes by itself."""
    out = subprocess.run(["openssl", "enc", f"-aes-{8 * len(key)}-ecb", "-nopad", "-K", key.hex()],
                         input=b"".join(blocks), stdout=subprocess.PIPE, check=True).stdout
    return [out[i:i + 16] for i in range(0, len(out), 16)]


def permutation(stream_key, count):
    out = b"".join(aes(stream_key, [n.to_bytes(16, "big") for n in range(count // 4 + 64)]))
    words = iter([int.from_bytes(out[i:i + 4], "little") for i in range(0, len(out), 4)])
    order = list(range(count))
    for i in range(count - 1, 0, -1):
        u = next(words)
        while u >= 2 ** 32 - 2 ** 32 % (i + 1):
            u = next(words)
        j = u % (i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def block_order(key, salt, purpose, block_size):
    return permutation(derive(key, salt, f"{purpose}/{block_size}"), 3 * block_size ** 2)


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def ff1(key, radix, tweak, messages):
    """FF1 of several messages of one length (lists of numerals), round by round, by the names of the standard."""
    n = len(messages[0])
    u, v = n // 2, n - n // 2
    b = (len(bin(radix ** v - 1)) - 2 + 7) // 8
    d = 4 * -(-b // 4) + 4
    p = bytes([1, 2, 1]) + radix.to_bytes(3, "big") + bytes([10, u % 256]) + n.to_bytes(4, "big") + len(tweak).to_bytes(4, "big")

    def num(numerals):
        return sum(numeral * radix ** i for i, numeral in enumerate(reversed(numerals)))

    state = [(num(x[:u]), num(x[u:])) for x in messages]
    for i in range(10):
        qs = [tweak + bytes((-len(tweak) - b - 1) % 16) + bytes([i]) + right.to_bytes(b, "big") for _, right in state]
        rs = aes(key, [p] * len(state))
        for at in range(0, len(qs[0]), 16):
            rs = aes(key, [xor(r, q[at:at + 16]) for r, q in zip(rs, qs)])
        ss = list(rs)
        for j in range(1, -(-d // 16)):
            ss = [s + more for s, more in zip(ss, aes(key, [xor(r, j.to_bytes(16, "big")) for r in rs]))]
        m = u if i % 2 == 0 else v
        state = [(right, (left + int.from_bytes(s[:d], "big")) % radix ** m) for (left, right), s in zip(state, ss)]

    def numerals(number, length):
        return [number // radix ** (length - 1 - i) % radix for i in range(length)]

    return [numerals(left, u) + numerals(right, v) for left, right in state]


def check_ff1():
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
    for bits, radix, tweak, plain, cipher in NIST_SAMPLES:
        key = bytes.fromhex(NIST_KEY)[:bits // 8]
        [result] = ff1(key, radix, bytes.fromhex(tweak), [[alphabet.index(c) for c in plain]])
        assert "".join(alphabet[numeral] for numeral in result) == cipher, (bits, radix, tweak)


def codes(key, salt):
    encrypted = ff1(derive(key, salt, "ffx-key"), 10, b"", [[int(digit) for digit in f"{value:03}"] for value in range(256)])
    return [int("".join(map(str, digits))) for digits in encrypted]


def encrypt_block(method, key, salt, size, values):
    if method == "Shuffle":
        order = block_order(key, salt, "shuffle", size)
        return [values[order[p]] for p in range(len(values))]
    purpose = "negative-positive" if method == "NegativePositive" else "ffx-positions"
    keyed = set(block_order(key, salt, purpose, size)[:len(values) // 2])
    if method == "NegativePositive":
        return [255 - x if p in keyed else x for p, x in enumerate(values)]
    table = codes(key, salt)
    numbers = [table[x] if p in keyed else x for p, x in enumerate(values)]
    return [int(Fraction(255 * y, max(table)) + Fraction(1, 2)) for y in numbers]


def encrypt_image(method, key, salt, size, height, width, image):
    """image: dictionary of (row, column, channel)"""
    result = {}
    for top in range(0, height, size):
        for left in range(0, width, size):
            places = [(top + r, left + c, k) for r in range(size) for c in range(size) for k in range(3)]
            block = encrypt_block(method, key, salt, size, [image[place] for place in places])
            result.update(zip(places, block))
    return result


def order_vector(key, salt, purpose, size):
    order = block_order(key, salt, purpose, size)
    return {
        "key": key.hex(), "salt": salt.hex(), "purpose": purpose, "blockSize": size,
        "first": order if len(order) <= 64 else order[:16],
        "sha256": hashlib.sha256(",".join(map(str, order)).encode("ascii")).hexdigest(),
    }


def image_vector(method, key, salt, size, height, width):
    places = [(r, c, k) for r in range(height) for c in range(width) for k in range(3)]
    stream = b"".join(hashlib.sha256(f"image {i}".encode("ascii")).digest() for i in range(len(places) // 32 + 1))
    image = dict(zip(places, stream))
    encrypted = encrypt_image(method, key, salt, size, height, width, image)
    return {
        "method": method, "key": key.hex(), "salt": salt.hex(), "blockSize": size, "height": height, "width": width,
        "plain": bytes(image[place] for place in places).hex(),
        "encrypted": bytes(encrypted[place] for place in places).hex(),
    }


check_ff1()
keys = [(KEY_A, SALT_A), (KEY_B, SALT_A), (KEY_B, SALT_B)]
vectors = {
    "orders": [order_vector(key, salt, purpose, size)
               for key, salt in keys
               for purpose in ("shuffle", "negative-positive", "ffx-positions")
               for size in (2, 3, 4, 8, 16, 32)],
    "codes": [{"key": key.hex(), "salt": salt.hex(), "values": codes(key, salt)} for key, salt in keys],
    "images": [image_vector(method, key, salt, size, height, width)
               for key, salt in keys[1:]
               for method in ("Shuffle", "NegativePositive", "FormatPreserving")
               for size, height, width in ((2, 4, 6), (3, 6, 3), (4, 8, 4), (5, 5, 10))],
}


def layout(section):
    """One vector a line."""
    return "[\n    " + ",\n    ".join(json.dumps(entry) for entry in section) + "\n  ]"


sys.stdout.write("{\n  " + ",\n  ".join(f'"{name}": {layout(section)}' for name, section in vectors.items()) + "\n}\n")

"""Writes pictures.json: small image files of many kinds and, for each that is to be read, what Pillow makes of it.

    python3 make_pictures.py > pictures.json

The expected pixels are ImageOps.exif_transpose(Image.open(file)).convert("RGB"). Files that Pillow does not write are put together here.
"""
import base64
import io
import json
import struct
import sys
import zlib

import numpy as np
import PIL
from PIL import Image, ImageCms, ImageOps

HEIGHT, WIDTH = 5, 9
random = np.random.default_rng(7)


def chunk(kind, content):
    return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', zlib.crc32(kind + content))


def png(color_type, depth, rows, before=(), after=(), interlaced=False, size=(WIDTH, HEIGHT)):
    """A PNG of packed rows, each without its filter byte."""
    header = struct.pack('>IIBBBBB', *size, depth, color_type, 0, 0, int(interlaced))
    data = zlib.compress(b''.join(b'\0' + row for row in rows))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + b''.join(chunk(*c) for c in before)
            + chunk(b'IDAT', data) + b''.join(chunk(*c) for c in after) + chunk(b'IEND', b''))


def packed(values, depth):
    """Rows of samples of 1, 2, 4, 8 or 16 bits."""
    if depth == 16:
        return [row.astype('>u2').tobytes() for row in values]
    rows = []
    for row in values:
        bits = ''.join(format(int(v), f'0{depth}b') for v in row)
        bits += '0' * (-len(bits) % 8)
        rows.append(bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8)))
    return rows


def samples(depth, channels=1):
    return random.integers(0, 2 ** depth, (HEIGHT, WIDTH * channels))


def exif(orientation, order='>'):
    mark = b'MM' if order == '>' else b'II'
    return mark + struct.pack(order + 'HIHHHIHHI', 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def saved(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def smooth(size=(40, 24)):
    """A picture that a JPEG keeps well."""
    y, x = np.mgrid[0:size[1], 0:size[0]]
    return Image.fromarray(np.stack([x * 6, y * 10, 255 - x * 3 - y * 4], 2).clip(0, 255).astype('u1'))


def corner():
    """A picture that looks different in each of the eight orientations."""
    pixels = np.full((24, 40, 3), 200, 'u1')
    pixels[:8, :16], pixels[:8, 24:], pixels[16:, :16] = (200, 40, 40), (40, 200, 40), (40, 40, 200)
    return Image.fromarray(pixels)


palette = bytes(random.integers(0, 256, 3 * 256, dtype='u1'))
transparency = bytes(random.integers(0, 256, 256, dtype='u1'))
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile('LAB')).tobytes()
files = {}
for depth in (1, 2, 4, 8):
    files[f'grey{depth}.png'] = png(0, depth, packed(samples(depth), depth))
    entries = 2 ** depth
    plte, trns = (b'PLTE', palette[:3 * entries]), (b'tRNS', transparency[:entries])
    files[f'indexed{depth}.png'] = png(3, depth, packed(samples(depth), depth), [plte])
    files[f'indexed{depth}-trns.png'] = png(3, depth, packed(samples(depth), depth), [plte, trns])
files['grey8-trns.png'] = png(0, 8, packed(samples(8) // 64 * 64, 8), [(b'tRNS', struct.pack('>H', 64))])
files['greyalpha8.png'] = png(4, 8, packed(samples(8, 2), 8))
rgb = samples(8, 3)
files['rgb8.png'] = png(2, 8, packed(rgb, 8))
files['rgb8-trns.png'] = png(2, 8, packed(rgb, 8), [(b'tRNS', struct.pack('>HHH', *map(int, rgb[0, :3])))])
files['rgba8.png'] = png(6, 8, packed(samples(8, 4), 8))
clear = samples(8, 4)
clear[:, 3::4] = 0
files['rgba8-clear.png'] = png(6, 8, packed(clear, 8))
files['rgb8-gamma.png'] = png(2, 8, packed(rgb, 8), [(b'gAMA', struct.pack('>I', 100000))])
files['rgb8-icc.png'] = png(2, 8, packed(rgb, 8), [(b'iCCP', b'x\0\0' + zlib.compress(profile))])
cells = rgb.reshape(HEIGHT, WIDTH, 3)
adam7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
passes = [cells[y::down, x::right].reshape(-(-(HEIGHT - y) // down), -1) for y, x, down, right in adam7 if y < HEIGHT]
files['rgb8-interlaced.png'] = png(2, 8, [row for part in passes for row in packed(part, 8)], interlaced=True)
files['animated.png'] = saved(smooth(), 'PNG', save_all=True, append_images=[corner()], duration=100)
for orientation in range(1, 9):
    files[f'orientation{orientation}.png'] = png(2, 8, packed(rgb, 8), [(b'eXIf', exif(orientation, '<'))])
    files[f'orientation{orientation}.jpg'] = saved(corner(), 'JPEG', quality=95, exif=b'Exif\0\0' + exif(orientation))
files['orientation6-behind.png'] = png(2, 8, packed(rgb, 8), after=[(b'eXIf', exif(6))])
files['grey.jpg'] = saved(smooth().convert('L'), 'JPEG', quality=95)
for name, sampling in (('444', 0), ('422', 1), ('420', 2)):
    files[f'ycc{name}.jpg'] = saved(smooth(), 'JPEG', quality=95, subsampling=sampling)
files['progressive.jpg'] = saved(smooth(), 'JPEG', quality=95, progressive=True)
files['icc.jpg'] = saved(smooth(), 'JPEG', quality=95, icc_profile=profile)

refused = {
    'grey16.png': png(0, 16, packed(samples(12), 16)),
    'greyalpha16.png': png(4, 16, packed(samples(16, 2), 16)),
    'rgb16.png': png(2, 16, packed(samples(16, 3), 16)),
    'rgba16.png': png(6, 16, packed(samples(16, 4), 16)),
    'cmyk.jpg': saved(smooth().convert('CMYK'), 'JPEG', quality=95),
}
sequential = files['ycc420.jpg']
frame = sequential.index(b'\xff\xc0')


def patched(offset, value):
    return sequential[:offset] + bytes([value]) + sequential[offset + 1:]


refused['12-bit.jpg'] = patched(frame + 4, 12)
refused['arithmetic.jpg'] = patched(frame + 1, 0xC9)
refused['lossless.jpg'] = patched(frame + 1, 0xC3)
refused['half.jpg'] = sequential[:len(sequential) // 2]
refused['huge-size.jpg'] = sequential[:frame + 5] + struct.pack('>HH', 12000, 12000) + sequential[frame + 9:]
refused['too-large.jpg'] = sequential[:frame + 5] + struct.pack('>HH', 24000, 24000) + sequential[frame + 9:]
whole = files['rgb8.png']
data = whole.index(b'IDAT') + 4
refused['checksum.png'] = whole[:data + 20] + bytes([whole[data + 20] ^ 1]) + whole[data + 21:]
refused['half.png'] = whole[:data + 30]
short = png(2, 8, packed(rgb, 8)[:3])
refused['few-rows.png'] = short
refused['no-data.png'] = whole[:data - 8] + chunk(b'IEND', b'')
refused['huge-size.png'] = png(2, 8, packed(rgb, 8), size=(12000, 12000))
refused['too-large.png'] = png(0, 1, [b''] * 20, size=(30000, 30000))
refused['too-wide.png'] = png(0, 1, [bytes(8200)], size=(65537, 1))
refused['empty.png'] = b''
refused['text.jpg'] = b'not a picture'
refused['bitmap.png'] = saved(smooth(), 'BMP')

pictures = []
for name, content in sorted(files.items()):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    pixels = np.asarray(image.convert('RGB'))
    pictures.append({'name': name, 'file': base64.b64encode(content).decode(), 'height': pixels.shape[0], 'width': pixels.shape[1],
                     'rgb': base64.b64encode(pixels.tobytes()).decode()})
for name, content in sorted(refused.items()):
    pictures.append({'name': name, 'file': base64.b64encode(content).decode()})
json.dump(pictures, sys.stdout, indent=0)
print(f'Pillow {PIL.__version__}', file=sys.stderr)

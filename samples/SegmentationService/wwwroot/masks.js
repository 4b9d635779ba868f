// Small enough for every browser's largest canvas, and for a page that answers while it counts a picture of 50 million pixels.
const Tile = 1024;

/**
 * The share of each class in a mask: { shares: Map of class index to a share from 0 to 1, other: the share of colours that are no class's }.
 */
export async function countShares(mask, classes, signal) {
    // No conversion of colours: they have to stay exactly those of the model's classes.
    const bitmap = await createImageBitmap(mask, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
    try {
        const counts = await countColors(bitmap, signal);
        const total = bitmap.width * bitmap.height;
        const shares = new Map();
        let known = 0;
        for (const { index, color } of classes) {
            const count = counts.get(Number.parseInt(color.slice(1), 16)) ?? 0;
            shares.set(index, count / total);
            known += count;
        }
        return { shares, other: (total - known) / total };
    } finally {
        bitmap.close();
    }
}

async function countColors(bitmap, signal) {
    const canvas = document.createElement('canvas');
    canvas.width = Math.min(Tile, bitmap.width);
    canvas.height = Math.min(Tile, bitmap.height);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    const counts = new Map();
    for (let top = 0; top < bitmap.height; top += Tile) {
        for (let left = 0; left < bitmap.width; left += Tile) {
            signal?.throwIfAborted();
            context.drawImage(bitmap, -left, -top);
            const width = Math.min(Tile, bitmap.width - left), height = Math.min(Tile, bitmap.height - top);
            countPixels(context.getImageData(0, 0, width, height).data, counts);
            await new Promise(resolve => setTimeout(resolve));
        }
    }
    return counts;
}

// Masks are long runs of one class: the map is asked at the end of a run, not at each pixel.
function countPixels(data, counts) {
    let color = -1, run = 0;
    for (let i = 0; i < data.length; i += 4) {
        const next = data[i] << 16 | data[i + 1] << 8 | data[i + 2];
        if (next !== color) {
            counts.set(color, (counts.get(color) ?? 0) + run);
            color = next;
            run = 0;
        }
        run++;
    }
    counts.set(color, (counts.get(color) ?? 0) + run);
}

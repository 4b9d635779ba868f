const Megabyte = 1048576;

/** The content type to send a file with; systems that do not know an ending leave it empty. */
export function typeOf(file) {
    if (file.type !== '')
        return file.type;
    if (/\.jpe?g$/i.test(file.name))
        return 'image/jpeg';
    return /\.png$/i.test(file.name) ? 'image/png' : '';
}

/** Why a file need not be sent, or null. What is not known yet, limits or size, refuses nothing. */
export function refusal(file, limits, size) {
    if (!['image/jpeg', 'image/png'].includes(typeOf(file)))
        return 'This is not a JPEG or PNG image. It was not sent.';
    if (file.size === 0)
        return 'This file is empty. It was not sent.';
    if (limits && file.size > limits.bytes) {
        const size = tenths(file.size / Megabyte, Math.ceil), most = tenths(limits.bytes / Megabyte, Math.floor);
        return `This file has ${size} MB; the service takes up to ${most} MB. It was not sent.`;
    }
    if (limits && size && size.width * size.height > limits.pixels) {
        const pixels = tenths(size.width * size.height / 1e6, Math.ceil), most = tenths(limits.pixels / 1e6, Math.floor);
        return `This image has ${pixels} million pixels; the service takes up to ${most} million. It was not sent.`;
    }
    return null;
}

export function describeLimits({ bytes, pixels }) {
    return `up to ${tenths(bytes / Megabyte, Math.floor)} MB and ${tenths(pixels / 1e6, Math.floor)} million pixels each`;
}

// Rounded away from each other, or a file a byte too large would have "10 MB; the service takes up to 10 MB".
function tenths(value, round) {
    return String(round(value * 10) / 10);
}

/** Calls onFiles with what is chosen with the input, dropped anywhere on the page or pasted; the zone shows that a drop would be taken. */
export function takeFiles(input, zone, onFiles) {
    const carriesFiles = event => event.dataTransfer?.types.includes('Files');
    let pasted = 0;

    input.addEventListener('change', event => {
        onFiles(event.target.files);
        // Otherwise the same file, chosen again, would not be a change.
        event.target.value = '';
    });

    addEventListener('dragover', event => {
        if (!carriesFiles(event))
            return;

        event.preventDefault();
        event.dataTransfer.dropEffect = 'copy';
        zone.classList.add('over');
    });

    addEventListener('dragleave', event => {
        if (!event.relatedTarget)
            zone.classList.remove('over');
    });

    addEventListener('drop', event => {
        zone.classList.remove('over');
        if (!carriesFiles(event))
            return;

        event.preventDefault();
        onFiles(event.dataTransfer.files);
    });

    addEventListener('paste', event => {
        // Browsers name every pasted picture image.png.
        onFiles([...event.clipboardData.files].map(file =>
            file.name === 'image.png' ? new File([file], `pasted-${++pasted}.png`, { type: file.type }) : file));
    });
}

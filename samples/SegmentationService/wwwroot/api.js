import { sleep } from './dom.js';

const MostRetries = 3;
const DefaultWaitSeconds = 2;

// Kept in memory only: storage would outlive the visit, and every script of this origin could read it.
let apiKey = '';

export function useApiKey(key) {
    apiKey = key;
}

export function hasApiKey() {
    return apiKey !== '';
}

/** What went wrong, in words for the user; status is the HTTP status, and 0 where no answer came. */
export class Problem extends Error {
    constructor(status, message, retryAfter = DefaultWaitSeconds) {
        super(message);
        this.status = status;
        this.retryAfter = retryAfter;
    }

    get isPassing() {
        return this.status === 429 || this.status === 503;
    }
}

export async function fetchModel() {
    const response = await send('model', { headers: { Accept: 'application/json' }, cache: 'no-store' });
    try {
        return await response.json();
    } catch {
        throw new Problem(response.status, 'The service’s description of its model cannot be read.');
    }
}

/**
 * Has an image segmented; key is 'correct', 'none' or 'wrong'. While the service is too busy this waits as long as it asks for, and
 * calls onWait with the problem and the number of the next try.
 */
export async function segment(file, type, key, { signal, onWait }) {
    // The parameter exists only on demo services, so the ordinary request does without it.
    const path = key === 'correct' ? 'segment' : `segment?key=${key}`;
    for (let retry = 1; ; retry++) {
        try {
            return await segmentOnce(path, file, type, signal);
        } catch (problem) {
            if (!(problem instanceof Problem) || !problem.isPassing || retry > MostRetries)
                throw problem;

            onWait(problem, retry, MostRetries);
            await sleep(problem.retryAfter * 1000, signal);
        }
    }
}

async function segmentOnce(path, file, type, signal) {
    const start = performance.now();
    const headers = { Accept: 'image/png', 'Content-Type': type };
    const response = await send(path, { method: 'POST', headers, body: file, signal });
    const mask = await read(() => response.blob(), signal);
    const total = performance.now() - start;
    if (mask.type !== 'image/png')
        throw new Problem(response.status, 'The service answered with something other than a PNG mask.');

    return { mask, total, server: parseServerTiming(response.headers.get('Server-Timing')) };
}

async function send(path, options) {
    const headers = apiKey ? { ...options.headers, 'X-Api-Key': apiKey } : options.headers;
    const response = await read(() => fetch(path, { ...options, headers }), options.signal);
    if (!response.ok)
        throw await toProblem(response);

    return response;
}

async function read(request, signal) {
    try {
        return await request();
    } catch (error) {
        signal?.throwIfAborted();
        // A file that was changed or deleted since it was chosen fails like a lost connection; nothing tells them apart.
        throw new Problem(0, 'The service cannot be reached, or the file cannot be read any more.');
    }
}

async function toProblem(response) {
    let body = null;
    try {
        body = await response.json();
    } catch {
        // A proxy in between answers with a page of its own; the status has to do.
    }
    const told = [body?.detail, body?.title].find(text => typeof text === 'string' && text.trim() !== '');
    // No header at all reads as 0, which would be a retry without a pause.
    const seconds = Number(response.headers.get('Retry-After'));
    const wait = Number.isFinite(seconds) && seconds > 0 ? seconds : DefaultWaitSeconds;
    return new Problem(response.status, told ?? describe(response), wait);
}

function describe(response) {
    switch (response.status) {
        case 400: return 'The service cannot read this image.';
        case 401: return 'The service asks for an API key.';
        case 408: return 'The upload took too long.';
        case 413: return 'The image is too large for the service.';
        case 415: return 'The service takes JPEG and PNG images only.';
        case 429: return 'The service has had too many requests.';
        case 503: return 'The service is not ready.';
        default: return `The service failed (HTTP ${response.status}).`;
    }
}

/** [{ name, duration }] of a header such as "queue;dur=1.2, network;dur=35.0". */
export function parseServerTiming(header) {
    return (header ?? '').split(',').flatMap(metric => {
        const [name, ...parameters] = metric.split(';').map(part => part.trim());
        const duration = parameters.map(parameter => /^dur="?([\d.]+)"?$/i.exec(parameter)).find(match => match)?.[1];
        return name && Number.isFinite(Number(duration)) && duration ? [{ name, duration: Number(duration) }] : [];
    });
}

import { element } from './dom.js';

/** The classes that a mask has, the most frequent first, and folded away below them those that it has not. */
export function createLegend(classes, { shares, other }) {
    const sorted = classes.map(entry => ({ ...entry, share: shares.get(entry.index) })).sort((a, b) => b.share - a.share);
    const present = sorted.filter(entry => entry.share > 0), absent = sorted.filter(entry => entry.share === 0);
    const list = element('ul', { 'data-role': 'legend' }, ...present.map(createRow));
    if (other > 0) {
        const name = element('span', { class: 'name' }, 'No class of the model');
        list.append(element('li', {}, element('span', { class: 'swatch' }), name, element('span', { class: 'share' }, formatShare(other))));
    }

    const parts = [createStrip(present), list];
    if (absent.length > 0) {
        const summary = element('summary', {}, absent.length === 1 ? '1 class not found' : `${absent.length} classes not found`);
        parts.push(element('details', {}, summary, element('ul', {}, ...absent.map(createRow))));
    }
    return parts;
}

function createRow({ index, name, color, share }) {
    const swatch = element('span', { class: 'swatch' });
    swatch.style.backgroundColor = color;
    return element('li', { 'data-class': String(index) },
        swatch, element('span', { class: 'name' }, name), element('span', { class: 'share' }, formatShare(share)));
}

// The list below says the same in words.
function createStrip(present) {
    const strip = element('div', { class: 'strip', 'aria-hidden': 'true' });
    for (const { color, share } of present) {
        const part = element('span');
        part.style.backgroundColor = color;
        part.style.flexGrow = share;
        strip.append(part);
    }
    return strip;
}

// A class that is there is never shown as 0%, nor one that shares the picture as 100%.
function formatShare(share) {
    if (share > 0 && share < 0.001)
        return '<0.1%';
    if (share < 1 && share > 0.999)
        return '>99.9%';
    return `${(share * 100).toFixed(1)}%`;
}

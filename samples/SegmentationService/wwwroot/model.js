import { element } from './dom.js';

const NetworkNames = { Fcn: 'FCN', LrAspp: 'LR-ASPP' };

/** The terms and descriptions of a model, for a dl. */
export function describeModel(model) {
    const count = model.classes.length;
    return [
        ['Model', model.file],
        // Not every kind of file says it.
        ...(model.network ? [['Network', `${NetworkNames[model.network] ?? model.network}, ${model.backbone.replace(/^(ResNet)(\d)/, '$1-$2')}`]] : []),
        ['Works at', `${model.imageWidth} × ${model.imageHeight} pixels`],
        ['Classes', String(count)],
        ['Protection', describeProtection(model)],
    ].map(([term, description]) => element('div', {}, element('dt', {}, term), element('dd', {}, description)));
}

function describeProtection({ isProtected, isSealed, featureMaps }) {
    const maps = featureMaps ?? [];
    const permuted = maps.length === 1 ? `feature map ${maps[0]} permuted` : `feature maps ${joinRuns(maps)} permuted`;
    const parts = [isProtected && maps.length > 0 && permuted, isSealed && 'weights sealed'].filter(Boolean);
    if (parts.length === 0)
        return isProtected ? 'yes' : 'none';
    return parts.join(', ');
}

// 1, 2, 3 and 6 read as "1–3, 6".
function joinRuns(numbers) {
    const runs = [];
    for (const number of numbers) {
        const last = runs.at(-1);
        if (last && number === last.end + 1)
            last.end = number;
        else
            runs.push({ start: number, end: number });
    }
    return runs.map(({ start, end }) => start === end ? start : `${start}–${end}`).join(', ');
}

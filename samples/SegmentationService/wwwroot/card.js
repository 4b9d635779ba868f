import { element, setText } from './dom.js';
import { createLegend } from './legend.js';

const StateTexts = { waiting: 'Waiting', busy: 'Working…', done: 'Done', failed: 'Failed' };
const Titles = { correct: 'With the key', none: 'Without the key', wrong: 'With a wrong key' };

/** The card of one image: what is seen of it. It owns the blob URLs of the picture and its masks. */
export class ImageCard {
    #urls = [];
    #conditions = new Map();
    #state; #dimensions; #error; #retry; #picture; #legend; #body;

    constructor(file, { onRemove, onRetry }) {
        this.file = file;
        this.name = file.name;
        this.state = 'waiting';
        this.abort = new AbortController();
        this.#build(onRemove, onRetry);
        this.size = this.#load();
    }

    #build(onRemove, onRetry) {
        this.#state = element('span', { class: 'state', 'data-role': 'state' });
        this.#dimensions = element('span', { class: 'quiet' });
        this.#error = element('p', { class: 'problem', 'data-role': 'error', hidden: true });
        this.#retry = element('button', { type: 'button', 'data-role': 'retry', hidden: true }, 'Try again', hidden(` with ${this.name}`));
        this.#retry.addEventListener('click', () => onRetry(this));
        this.removeButton = element('button', { type: 'button', 'data-role': 'remove' }, 'Remove', hidden(` ${this.name}`));
        this.removeButton.addEventListener('click', () => onRemove(this));
        this.#picture = element('img', { 'data-role': 'picture', alt: `Picture ${this.name}` });
        this.#legend = element('div', { class: 'legend', hidden: true });
        this.#body = element('div', { class: 'body' },
            element('div', { class: 'original' }, element('h3', {}, 'Picture'), element('div', { class: 'frame' }, this.#picture)));
        this.element = element('article', { 'data-name': this.name },
            element('header', {},
                element('div', { class: 'title' }, element('h2', {}, this.name), this.#dimensions, this.#state),
                element('div', { class: 'actions' }, this.#retry, this.removeButton)),
            this.#error, this.#body);
        this.setState('waiting');
    }

    /** The picture's size, or null where the browser cannot show it: whether it can be segmented is up to the service. */
    async #load() {
        this.#picture.src = this.#createUrl(this.file);
        if (!await whenLoaded(this.#picture)) {
            this.element.classList.add('no-picture');
            return null;
        }
        const { naturalWidth: width, naturalHeight: height } = this.#picture;
        this.#dimensions.textContent = `${width} × ${height}`;
        this.element.style.setProperty('--ratio', width / height);
        return { width, height };
    }

    /** Makes room for the masks. The card may be older than the page's knowledge of the model. */
    prepare(model) {
        if (this.#conditions.size > 0)
            return;

        this.element.classList.toggle('demo', model.demo);
        const title = model.isProtected || model.isSealed || model.demo ? Titles.correct : 'Result';
        this.#addCondition('correct', title);
        this.#body.append(this.#legend);
        if (model.demo) {
            this.#addCondition('none', Titles.none);
            this.#addCondition('wrong', Titles.wrong);
        }
    }

    #addCondition(key, title) {
        const frame = element('div', { class: 'frame' });
        const overlay = element('div', { class: 'frame' });
        const note = element('p', { class: 'note', 'data-role': 'note' });
        const section = element('section', { class: 'condition', 'data-condition': key },
            element('h3', {}, title),
            element('figure', {}, frame, element('figcaption', {}, 'Mask')),
            element('figure', {}, overlay, element('figcaption', {}, 'Overlay')),
            note);
        this.#conditions.set(key, { frame, overlay, note, section, title, isDone: false });
        this.#body.append(section);
    }

    get missingKeys() {
        return [...this.#conditions].filter(([, condition]) => !condition.isDone).map(([key]) => key);
    }

    titleOf(key) {
        return this.#conditions.get(key).title;
    }

    setState(state) {
        this.state = state;
        this.element.dataset.state = state;
        this.element.setAttribute('aria-busy', String(state === 'busy'));
        setText(this.#state, StateTexts[state]);
        this.#error.textContent = '';
        this.#error.hidden = this.#retry.hidden = true;
    }

    fail(message, canRetry) {
        this.setState('failed');
        this.#error.textContent = message;
        this.#error.hidden = false;
        this.#retry.hidden = !canRetry;
        for (const key of this.missingKeys)
            this.note(key, 'No mask.');
    }

    note(key, text) {
        setText(this.#conditions.get(key).note, text);
    }

    async showMask(key, { mask, total, server }) {
        const condition = this.#conditions.get(key);
        const url = this.#createUrl(mask);
        const image = element('img', { 'data-role': 'mask', 'data-key': key, alt: `Mask of ${this.name}, ${condition.title.toLowerCase()}` });
        image.src = url;
        if (!await whenLoaded(image))
            throw new TypeError('The mask is not an image.');
        // There is no picture to take the shape from.
        if (this.element.classList.contains('no-picture'))
            this.element.style.setProperty('--ratio', image.naturalWidth / image.naturalHeight);
        // Enlarged pixels stay sharp; a mask that is made smaller looks better smoothed.
        image.classList.toggle('tiny', image.naturalWidth < 320);

        condition.isDone = true;
        condition.section.classList.add('has-mask');
        condition.frame.replaceChildren(image);
        this.#showOverlay(key, condition, image);
        if (key === 'correct')
            condition.section.append(this.#createDownload(url));
        this.note(key, describeTimes(total, server));
    }

    #showOverlay(key, { overlay, title }, image) {
        const veil = image.cloneNode();
        for (const name of ['data-role', 'data-key'])
            veil.removeAttribute(name);
        veil.alt = '';
        veil.classList.add('veil');
        overlay.replaceChildren(element('img', { src: this.#picture.src, alt: '' }), veil);
        for (const [name, value] of Object.entries({
            'data-role': 'overlay', 'data-key': key, role: 'img', 'aria-label': `Mask over ${this.name}, ${title.toLowerCase()}`,
        }))
            overlay.setAttribute(name, value);
    }

    #createDownload(url) {
        const base = this.name.replace(/\.(jpe?g|png)$/i, '');
        return element('a', { 'data-role': 'download', href: url, download: `${base}-mask.png` }, 'Download the mask', hidden(` of ${this.name}`));
    }

    showShares(classes, result) {
        const parts = result ? createLegend(classes, result) : [element('p', { class: 'quiet' }, 'The browser cannot count this mask’s pixels.')];
        this.#legend.replaceChildren(element('h3', {}, 'Share of pixels'), ...parts);
        this.#legend.hidden = false;
    }

    #createUrl(blob) {
        const url = URL.createObjectURL(blob);
        this.#urls.push(url);
        return url;
    }

    remove() {
        this.abort.abort();
        this.element.remove();
        this.#urls.forEach(url => URL.revokeObjectURL(url));
        this.#urls = [];
    }
}

function whenLoaded(image) {
    return new Promise(resolve => {
        image.addEventListener('load', () => resolve(true), { once: true });
        image.addEventListener('error', () => resolve(false), { once: true });
    });
}

function hidden(text) {
    return element('span', { class: 'hidden-visually' }, text);
}

function describeTimes(total, server) {
    const parts = server.map(({ name, duration }) => `${name}\u00a0${formatTime(duration)}`);
    return [parts.length > 0 ? `Server: ${parts.join(', ')}` : '', `Total: ${formatTime(total)}`].filter(Boolean).join('\n');
}

function formatTime(milliseconds) {
    return milliseconds < 1000 ? `${milliseconds.toFixed(milliseconds < 100 ? 1 : 0)}\u00a0ms` : `${(milliseconds / 1000).toFixed(2)}\u00a0s`;
}

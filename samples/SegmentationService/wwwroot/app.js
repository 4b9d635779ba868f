import { fetchModel, Problem, segment } from './api.js';
import { ImageCard } from './card.js';
import { sleep, setText } from './dom.js';
import { describeLimits, refusal, takeFiles, typeOf } from './files.js';
import { KeyForm } from './keyform.js';
import { countShares } from './masks.js';
import { describeModel } from './model.js';

const RetryModelAfter = 2000;

const find = id => document.getElementById(id);
const keyForm = new KeyForm(find('key-form'), loadModel);
const cards = [];
let model = null;
let isLoading = false, isDraining = false;

function say(text, isProblem = false) {
    setText(find('status'), text);
    find('status').classList.toggle('problem', isProblem);
}

async function loadModel() {
    if (isLoading)
        return;

    isLoading = true;
    try {
        for (;;) {
            try {
                model = await fetchModel();
                break;
            } catch (problem) {
                if (problem.status === 401) {
                    askForKey();
                    return;
                }
                say(`${problem.status === 0 ? 'The service cannot be reached.' : problem.message} The page tries again every two seconds.`, true);
                await sleep(RetryModelAfter);
            }
        }
    } finally {
        isLoading = false;
    }
    keyForm.close(find('files'));
    showModel();
    drain();
}

function showModel() {
    find('model').replaceChildren(...describeModel(model));
    find('model').hidden = false;
    find('demo-note').hidden = !model.demo;
    setText(find('files-hint'), `JPEG or PNG, ${describeLimits(model.limits)}`);
    say('Ready.');
    for (const card of cards) {
        card.prepare(model);
        refuse(card);
    }
}

function askForKey() {
    keyForm.ask();
    say('The service asks for an API key.');
}

function addFiles(files) {
    const added = [...files].map(file => new ImageCard(file, { onRemove: removeCard, onRetry: retryCard }));
    if (added.length === 0)
        return;

    // What was added last is wanted first, and here it is next to the drop zone.
    find('cards').prepend(...added.map(card => card.element));
    cards.push(...added);
    find('remove-all').hidden = false;
    say(added.length === 1 ? `${added[0].name} is added.` : `${added.length} images are added.`);
    for (const card of added) {
        if (model)
            card.prepare(model);
        refuse(card);
    }
    drain();
}

function refuse(card, size = null) {
    const reason = card.state === 'waiting' ? refusal(card.file, model?.limits, size) : null;
    if (reason) {
        card.fail(reason, false);
        say(`${card.name}: ${reason}`, true);
    }
    return reason !== null;
}

/** One image after the other: the service is shared, and a queue of uploads would only wait there instead of here. */
async function drain() {
    if (isDraining)
        return;

    isDraining = true;
    try {
        let card, worked = 0;
        while (model && !keyForm.isOpen && (card = cards.find(each => each.state === 'waiting')))
            worked += await process(card);
        if (worked > 0 && cards.length > 1 && !keyForm.isOpen)
            say(summarize());
    } finally {
        isDraining = false;
    }
}

function summarize() {
    const count = state => cards.filter(card => card.state === state).length;
    const failed = count('failed');
    return `${count('done')} of ${cards.length} images are labelled${failed > 0 ? `, ${failed} failed` : ''}.`;
}

/** Labels one image under each key; tells whether the service was asked. */
async function process(card) {
    const size = await card.size;
    if (card.abort.signal.aborted || refuse(card, size))
        return false;

    try {
        card.setState('busy');
        say(`Working on ${card.name}…`);
        // The correct key first: it is what the user waits for, and where it fails, the other two would fail alike.
        if (card.missingKeys.includes('correct'))
            await label(card, 'correct');
        const outcomes = await Promise.allSettled(card.missingKeys.map(key => label(card, key)));
        const failure = outcomes.find(outcome => outcome.status === 'rejected');
        if (failure)
            throw failure.reason;

        card.setState('done');
        say(`${card.name} is done.${describeRest()}`);
    } catch (error) {
        report(card, error);
    }
    return true;
}

function describeRest() {
    const waiting = cards.filter(each => each.state === 'waiting').length;
    return waiting === 0 ? '' : ` ${waiting} to go.`;
}

async function label(card, key) {
    const signal = card.abort.signal;
    card.note(key, 'Working…');
    try {
        const result = await segment(card.file, typeOf(card.file), key, {
            signal,
            onWait: (problem, retry, most) => {
                const text = `${problem.message} Trying again in ${problem.retryAfter} s (retry ${retry} of ${most}).`;
                card.note(key, text);
                say(`${card.name}: ${text}`);
            },
        });
        await showResult(card, key, result, signal);
    } catch (error) {
        if (error instanceof Problem && key !== 'correct')
            error.message = `${card.titleOf(key)}: ${error.message}`;
        throw error;
    }
}

async function showResult(card, key, result, signal) {
    try {
        await card.showMask(key, result);
    } catch {
        signal.throwIfAborted();
        throw new Problem(200, 'The browser cannot show the mask that the service sent.');
    }
    if (key === 'correct') {
        const shares = await countShares(result.mask, model.classes, signal).catch(() => null);
        signal.throwIfAborted();
        card.showShares(model.classes, shares);
    }
}

function report(card, error) {
    if (card.abort.signal.aborted)
        return;

    if (error.status === 401) {
        card.missingKeys.forEach(key => card.note(key, ''));
        card.setState('waiting');
        askForKey();
        return;
    }
    // A bug of this page has to be seen, but must not stop the other images.
    if (!(error instanceof Problem))
        console.error(error);
    const message = error instanceof Problem ? error.message : 'Something went wrong on this page.';
    // The same image would be refused again, unless the server or its load was to blame.
    card.fail(message, !(error.status >= 400 && error.status < 500) || [408, 429].includes(error.status));
    say(`${card.name}: ${message}`, true);
}

function retryCard(card) {
    card.removeButton.focus();
    card.setState('waiting');
    drain();
}

function removeCard(card) {
    // The focus would fall back to the top of the page with the button.
    const neighbour = card.element.nextElementSibling ?? card.element.previousElementSibling;
    cards.splice(cards.indexOf(card), 1);
    card.remove();
    (neighbour?.querySelector('[data-role=remove]') ?? find('files')).focus();
    find('remove-all').hidden = cards.length === 0;
    say(`${card.name} is removed.`);
}

find('remove-all').addEventListener('click', () => {
    cards.splice(0).forEach(card => card.remove());
    find('files').focus();
    find('remove-all').hidden = true;
    say('All images are removed.');
});

function showOpacity() {
    const percent = `${find('opacity').value}%`;
    document.documentElement.style.setProperty('--opacity', find('opacity').value / 100);
    find('opacity').setAttribute('aria-valuetext', percent);
    setText(find('opacity-value'), percent);
}

find('opacity').addEventListener('input', showOpacity);
showOpacity();
takeFiles(find('files'), find('drop'), addFiles);
loadModel();

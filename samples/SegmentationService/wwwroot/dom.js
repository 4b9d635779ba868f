/**
 * Creates an element. Children that are strings become text nodes, so that nothing a file or the server says is ever parsed as HTML.
 * Attributes that are null or false are left out.
 */
export function element(tag, attributes = {}, ...children) {
    const created = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value !== null && value !== undefined && value !== false)
            created.setAttribute(name, value === true ? '' : value);
    }
    created.append(...children);
    return created;
}

/** Sets a text only where it differs: a live region would otherwise be read out again at each retry. */
export function setText(target, text) {
    if (target.textContent !== text)
        target.textContent = text;
}

export function sleep(milliseconds, signal) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(finish, milliseconds);
        signal?.addEventListener('abort', stop, { once: true });
        if (signal?.aborted)
            stop();

        function finish() {
            signal?.removeEventListener('abort', stop);
            resolve();
        }
        function stop() {
            clearTimeout(timer);
            reject(signal.reason);
        }
    });
}

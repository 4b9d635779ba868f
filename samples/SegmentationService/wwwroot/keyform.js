import { hasApiKey, useApiKey } from './api.js';
import { setText } from './dom.js';

/** The form for the service's API key, which is on the page only while the service asks for one. */
export class KeyForm {
    #form; #input; #error;

    constructor(form, onKey) {
        this.#form = form;
        this.#input = form.querySelector('input');
        this.#error = form.querySelector('[role=alert]');
        form.addEventListener('submit', event => {
            event.preventDefault();
            const key = this.#input.value.trim();
            // Nothing else can stand in a header.
            if (!/^[\x20-\x7e]+$/.test(key)) {
                this.#showError('A key has only letters, digits and signs of plain ASCII.');
                return;
            }
            useApiKey(key);
            this.#input.value = '';
            onKey();
        });
    }

    get isOpen() {
        return !this.#form.hidden;
    }

    ask() {
        this.#form.hidden = false;
        this.#showError(hasApiKey() ? 'The service does not accept this key.' : '');
        useApiKey('');
        // Not while somebody is at work elsewhere on the page.
        if (document.activeElement === document.body)
            this.#input.focus();
    }

    /** Closes the form; the focus, if it was inside, goes to the next thing that the user wants. */
    close(next) {
        const hadFocus = this.#form.contains(document.activeElement);
        this.#form.hidden = true;
        if (hadFocus)
            next.focus();
    }

    #showError(text) {
        setText(this.#error, text);
        this.#input.setAttribute('aria-invalid', String(text !== ''));
    }
}

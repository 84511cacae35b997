import {clamp, element, isShortcut, make, spoken} from './text.js';

/** The text, token by token. Tokens of the text before it stay, pale, until they are written over. */
export class Story {
  #place = element('story');
  #prompt = make('span', {className: 'prompt', attributes: {role: 'presentation'}});
  #tokens = [];
  #drawn = [];
  #chosen = -1;
  #at = -1;

  /** @param choices hover(index or null) and pin(index) */
  constructor(choices) {
    this.#place.append(this.#prompt);
    const at = event => {
      const token = event.target.closest('[role="option"]:not(.old)');
      return token ? Number(token.dataset.index) : null;
    };
    this.#place.addEventListener('pointerover', event => event.pointerType === 'mouse' && choices.hover(at(event)));
    this.#place.addEventListener('pointerleave', () => choices.hover(null));
    this.#place.addEventListener('click', event => at(event) !== null && choices.pin(at(event)));
    this.#place.addEventListener('keydown', event => this.#onKey(event, choices));
  }

  #onKey(event, choices) {
    const last = this.length - 1;
    if (isShortcut(event) || last < 0) return;
    const from = clamp(this.#at, 0, last);
    const to = {
      ArrowLeft: () => from - 1, ArrowRight: () => from + 1, Home: () => 0, End: () => last,
      ArrowUp: () => this.#line(from, -1), ArrowDown: () => this.#line(from, 1),
    }[event.key]?.();
    if (to === undefined) return;
    event.preventDefault();
    this.#at = clamp(to, 0, last);
    choices.pin(this.#at);
    this.#tokens[this.#at].scrollIntoView({block: 'nearest'});
  }

  /** The token above or below, or the same where there is none. */
  #line(from, step) {
    const start = this.#tokens[from].getBoundingClientRect();
    let best = from;
    let least = Infinity;
    let line = null;
    for (let i = from + step; i >= 0 && i < this.length; i += step) {
      const box = this.#tokens[i].getBoundingClientRect();
      if (Math.abs(box.top - start.top) < 4) continue;
      line ??= box.top;
      if (Math.abs(box.top - line) >= 4) break;
      const distance = Math.abs(box.left + box.width / 2 - start.left - start.width / 2);
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  /** @param parting characters in common with the text without edits, or null */
  draw(prompt, run, parting, chosen) {
    if (this.#prompt.textContent !== prompt) this.#prompt.textContent = prompt;
    this.length = run.pieces.length;
    run.pieces.forEach((piece, i) => {
      const isNew = parting !== null && piece.end > parting;
      const look = `${piece.text.includes('\n') ? 'break ' : ''}${isNew ? 'new' : ''}`;
      this.#drawToken(i, piece.text, look);
    });
    this.#drawRest(run);
    this.#choose(chosen);
  }

  #drawToken(i, text, look) {
    if (this.#drawn[i]?.text === text && this.#drawn[i].look === look) return;
    const token = this.#tokens[i] ?? this.#append(i);
    token.textContent = text;
    token.className = look;
    if (!text.trim()) token.setAttribute('aria-label', spoken(text));
    else token.removeAttribute('aria-label');
    this.#drawn[i] = {text, look};
  }

  #append(i) {
    const token = make('span', {attributes: {role: 'option', id: `token-${i}`, 'data-index': i, 'aria-selected': false}});
    this.#tokens.push(token);
    this.#place.append(token);
    return token;
  }

  #drawRest(run) {
    if (run.isDone) {
      this.#tokens.splice(this.length).forEach(token => token.remove());
      this.#drawn.length = this.length;
    }
    for (let i = this.length; i < this.#tokens.length; i++) {
      if (this.#drawn[i].look === 'old') continue;
      this.#tokens[i].className = 'old';
      this.#drawn[i].look = 'old';
    }
    this.#place.classList.toggle('writing', !run.isDone);
  }

  #choose(chosen) {
    if (this.#chosen !== chosen) this.#tokens[this.#chosen]?.setAttribute('aria-selected', false);
    this.#chosen = chosen;
    this.#at = chosen;
    const token = this.#tokens[chosen];
    token?.setAttribute('aria-selected', true);
    if (token) this.#place.setAttribute('aria-activedescendant', token.id);
    else this.#place.removeAttribute('aria-activedescendant');
  }

  /** Another text is to come, which has nothing to do with this one. */
  clear() {
    this.#tokens.splice(0).forEach(token => token.remove());
    this.#drawn = [];
    this.#chosen = -1;
  }
}

/** One text under way: its tokens as they come, each with what the layers would have said. */
export class Run {
  pieces = [];
  text = '';
  isDone = false;
  isStopped = false;
  error = null;
  layers = [];
  mostNorm = 0;
  finish = null;
  #shown = 0;
  #abort = new AbortController();
  #begun = performance.now();
  #ended = 0;

  /** @param subject what a text without edits depends on: texts of the same subject can be compared */
  constructor(subject, request) {
    this.subject = subject;
    this.request = request;
  }

  /** Ends with its last token, with stop(), or with an error that is kept. */
  async follow(client, onChange) {
    try {
      for await (const event of client.complete(this.request, this.#abort.signal)) {
        this.#take(event);
        onChange();
      }
      this.#showRest();
    } catch (error) {
      if (error.name !== 'AbortError') this.error = error;
    }
    this.isDone = true;
    this.#ended = performance.now();
    onChange();
  }

  stop() {
    if (this.isDone) return;
    this.isStopped = true;
    this.#abort.abort();
  }

  #take({choices: [choice], usage}) {
    if (usage) this.usage = usage;
    if (!choice) return;
    this.text += choice.text;
    this.finish = choice.finish_reason ?? this.finish;
    if (!this.request.weir?.lens) {
      if (choice.text) this.#add(choice.text, null);
      return;
    }
    for (const row of choice.weir?.lens ?? []) {
      this.layers = row.layers.map(({layer}) => layer);
      this.mostNorm = Math.max(this.mostNorm, ...row.layers.map(({norm}) => norm ?? 0));
      this.#add(this.#slice(row.token), row);
    }
  }

  /** The part of the text that a token wrote: parts of a character write nothing until the last one is there. */
  #slice(token) {
    if (this.text.startsWith(token, this.#shown)) return token;
    const next = this.text.codePointAt(this.#shown);
    return next === undefined || next < 128 ? '' : String.fromCodePoint(next);
  }

  #add(text, row) {
    this.#shown += text.length;
    this.pieces.push({text, row, end: this.#shown, decided: row ? decided(row) : null});
  }

  #showRest() {
    const rest = this.text.slice(this.#shown);
    if (rest) this.#add(rest, null);
  }

  get tokensPerSecond() {
    const end = this.isDone ? this.#ended : performance.now();
    return this.pieces.length / Math.max(0.001, (end - this.#begun) / 1000);
  }

  /** How many characters it has in common with another run; null as long as they have not parted. */
  parting(other) {
    const least = Math.min(this.text.length, other.text.length);
    for (let i = 0; i < least; i++) {
      if (this.text[i] !== other.text[i]) return i;
    }
    const shorter = this.text.length < other.text.length ? this : other;
    return this.text.length !== other.text.length && shorter.isDone && !shorter.isStopped ? least : null;
  }
}

/** The row of `layers` from which on the token was every layer's first guess; null if it was not the last one's. */
function decided({id, layers}) {
  let at = null;
  for (let i = layers.length - 1; i >= 0 && layers[i].top[0].id === id; i--) at = i;
  return at;
}

/** What a layer thought of the token that was written: its rank among the layer's guesses, from 0, or -1, and its probability. */
export function opinion({id, layers}, station) {
  const rank = layers[station].top.findIndex(guess => guess.id === id);
  return {rank, p: rank < 0 ? null : layers[station].top[rank].p};
}

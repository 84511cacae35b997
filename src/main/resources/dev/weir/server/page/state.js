import {clamp} from './text.js';

export const PARTS = ['attn', 'mlp'];
const DEFAULTS = {prompt: 'Once upon a time', tokens: 120, temperature: 0.8, seed: 1};

/** What a text is made from. It lies in the address, so that a link brings it back. */
export class State {
  constructor() {
    Object.assign(this, DEFAULTS);
    this.edits = new Map();
  }

  /** How strongly a part writes: 1 is as it is. */
  strength(layer, part) {
    return this.edits.get(`${layer}.${part}`) ?? 1;
  }

  turn(layer, part, strength) {
    if (strength === 1) {
      this.edits.delete(`${layer}.${part}`);
    } else {
      this.edits.set(`${layer}.${part}`, strength);
    }
  }

  get isEdited() {
    return this.edits.size > 0;
  }

  /** What the text without edits depends on. */
  get subject() {
    return JSON.stringify([this.prompt, this.tokens, this.temperature, this.seed]);
  }

  request() {
    return {
      prompt: this.prompt, max_tokens: this.tokens, temperature: this.temperature, seed: this.seed,
      stream: true, stream_options: {include_usage: true},
    };
  }

  /** The edits as the server reads them. */
  sentences() {
    return [...this.edits].map(([branch, strength]) => {
      const at = `blocks.${branch}`;
      return strength === 0 ? {at, skip: true} : {at, scale: strength};
    });
  }

  toHash() {
    const {prompt, tokens, temperature, seed} = this;
    const fields = new URLSearchParams({prompt, tokens, temperature, seed});
    if (this.isEdited) fields.set('edits', [...this.edits].map(([branch, strength]) => `${branch}:${strength}`).join(','));
    return `#${fields}`;
  }

  /** What it cannot read it leaves as it is by default. */
  static fromHash(hash) {
    const fields = new URLSearchParams(hash.replace(/^#/, ''));
    const state = new State();
    const number = (name, least, most) => {
      const value = fields.has(name) ? Number(fields.get(name)) : NaN;
      if (Number.isFinite(value)) state[name] = clamp(value, least, most);
    };
    if (fields.has('prompt')) state.prompt = fields.get('prompt');
    number('tokens', 1, Infinity);
    number('temperature', 0, 2);
    number('seed', 0, Number.MAX_SAFE_INTEGER);
    state.tokens = Math.round(state.tokens);
    state.seed = Math.round(state.seed);
    for (const [, layer, part, strength] of (fields.get('edits') ?? '').matchAll(/(\d+)\.(attn|mlp):([\d.]+)/g)) {
      if (Number.isFinite(Number(strength))) state.turn(Number(layer), part, clamp(Number(strength), 0, 2));
    }
    return state;
  }
}

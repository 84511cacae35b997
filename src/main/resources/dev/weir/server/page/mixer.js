import {PARTS} from './state.js';
import {element, make} from './text.js';

const NAMES = {attn: 'Attention', mlp: 'MLP'};

/** A slider for each part of each layer, from 0, which skips it, over 1, which leaves it as it is, to 2. */
export class Mixer {
  #place = element('mixer');
  #sliders = new Map();
  #onTurn;

  /** @param onTurn layer, part, strength */
  constructor(onTurn) {
    this.#onTurn = onTurn;
  }

  draw(layers, state) {
    const blocks = layers.filter(layer => layer >= 0);
    if (this.#sliders.size !== blocks.length * PARTS.length) this.#build(blocks);
    for (const {input, output, layer, part} of this.#sliders.values()) {
      this.#show(input, output, state.strength(layer, part));
    }
    element('reset').disabled = !state.isEdited;
    element('mixer-card').hidden = blocks.length === 0;
  }

  #build(blocks) {
    this.#sliders.clear();
    const head = make('div', {className: 'row heads', attributes: {'aria-hidden': 'true'}},
      make('span', {text: 'layer'}), ...PARTS.map(part => make('span', {text: NAMES[part]})));
    this.#place.replaceChildren(head, ...blocks.map(layer => make('div', {className: 'row', attributes: {role: 'group', 'aria-label': `Layer ${layer}`}},
      make('span', {className: 'layer', text: layer, attributes: {'aria-hidden': 'true'}}), ...PARTS.map(part => this.#slider(layer, part)))));
  }

  #slider(layer, part) {
    const input = make('input', {attributes: {
      type: 'range', min: 0, max: 2, step: 0.05, id: `${part}-${layer}`, 'aria-label': `${NAMES[part]} of layer ${layer}`,
    }});
    const output = make('output', {attributes: {for: input.id}});
    const turn = strength => {
      this.#show(input, output, strength);
      this.#onTurn(layer, part, strength);
    };
    input.addEventListener('input', () => turn(Number(input.value)));
    input.addEventListener('dblclick', () => turn(1));
    this.#sliders.set(input.id, {input, output, layer, part});
    return make('span', {className: 'slider'}, make('small', {text: NAMES[part], attributes: {'aria-hidden': 'true'}}), input, output);
  }

  #show(input, output, strength) {
    const text = strength === 0 ? 'skip' : strength === 1 ? '1' : `× ${strength.toFixed(2)}`;
    if (output.textContent === text) return;
    input.value = strength;
    output.textContent = text;
    input.setAttribute('aria-valuetext', strength === 0 ? 'skipped' : strength === 1 ? 'as it is' : `times ${strength.toFixed(2)}`);
    input.classList.toggle('turned', strength !== 1);
    input.style.setProperty('--from', `${Math.min(1, strength) * 50}%`);
    input.style.setProperty('--to', `${Math.max(1, strength) * 50}%`);
  }
}

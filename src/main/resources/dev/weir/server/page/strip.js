import {colour, heat, onColours} from './colours.js';
import {opinion} from './run.js';
import {clamp, element, isShortcut, layerName, make, percent, spoken} from './text.js';

const ROW = 18;
const WIDEST = 22;
const NARROWEST = 3;
const GUESSES = 5;

/** Layers by tokens, painted: what each layer thought of the token that was written. */
export class Strip {
  #canvas = element('strip-plot');
  #names = element('strip-names');
  #scroll = element('strip-scroll');
  #run = null;
  #cell = WIDEST;
  #columns = 0;
  #look = '';
  #painted = 0;
  #cursor = {token: -1, station: -1};

  /** @param choices hover(index or null, station) and pin(index, station) */
  constructor(choices) {
    const at = event => [
      clamp(Math.floor(event.offsetX / this.#cell), 0, this.#run.pieces.length - 1),
      clamp(Math.floor(event.offsetY / ROW), 0, this.#run.layers.length - 1),
    ];
    this.#canvas.addEventListener('pointermove', event => this.#isDrawn && choices.hover(...at(event)));
    this.#canvas.addEventListener('pointerleave', () => choices.hover(null));
    this.#canvas.addEventListener('click', event => this.#isDrawn && choices.pin(...at(event)));
    this.#canvas.addEventListener('keydown', event => this.#onKey(event, choices));
    for (const input of document.querySelectorAll('input[name="measure"]')) {
      input.addEventListener('change', () => this.#measure(input.value, choices));
    }
    onColours(() => { this.#look = ''; });
    this.measure = 'probability';
  }

  get #isDrawn() {
    return this.#run !== null && this.#run.pieces.length > 0 && this.#run.layers.length > 0;
  }

  #measure(name, choices) {
    this.measure = name;
    element('least').textContent = name === 'rank' ? 'not in its five' : '0%';
    element('most').textContent = name === 'rank' ? 'first' : '100%';
    choices.redraw();
  }

  #onKey(event, choices) {
    if (isShortcut(event) || !this.#isDrawn) return;
    const last = this.#run.pieces.length - 1;
    const bottom = this.#run.layers.length - 1;
    const token = clamp(this.#cursor.token, 0, last);
    const station = this.#cursor.station < 0 ? bottom : this.#cursor.station;
    const to = {
      ArrowLeft: [token - 1, station], ArrowRight: [token + 1, station], ArrowUp: [token, station - 1],
      ArrowDown: [token, station + 1], Home: [0, station], End: [last, station],
      PageUp: [token - 10, station], PageDown: [token + 10, station],
    }[event.key];
    if (!to) return;
    event.preventDefault();
    this.#cursor = {token: clamp(to[0], 0, last), station: clamp(to[1], 0, bottom)};
    choices.pin(this.#cursor.token, this.#cursor.station);
    this.#scroll.scrollLeft = clamp(this.#scroll.scrollLeft, this.#cell * (to[0] + 2) - this.#scroll.clientWidth, this.#cell * (to[0] - 1));
  }

  draw(run, token, station) {
    if (this.#run !== run) this.#look = '';
    this.#run = run;
    this.#cursor = {token, station};
    element('strip-card').hidden = run.layers.length === 0;
    if (run.layers.length === 0) return;
    this.#drawNames(run.layers);
    this.#columns = run.isDone ? run.pieces.length : Math.max(run.request.max_tokens, run.pieces.length);
    this.#cell = clamp(this.#scroll.clientWidth / this.#columns, NARROWEST, WIDEST);
    this.#paint(run);
    this.#drawCursor();
    this.#say();
  }

  #drawNames(layers) {
    if (this.#names.childElementCount === layers.length) return;
    this.#names.replaceChildren(...layers.map(layer => make('span', {text: layerName(layer)})));
  }

  /** Only what has come since the last time, unless all looks otherwise. */
  #paint(run) {
    const look = [this.#cell, this.#columns, run.layers.length, this.measure, devicePixelRatio].join(' ');
    const [width, height] = [Math.floor(this.#cell * this.#columns), run.layers.length * ROW];
    if (look !== this.#look) {
      this.#clear(width, height);
      this.#look = look;
      this.#painted = 0;
    }
    const pen = this.#canvas.getContext('2d');
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    for (; this.#painted < run.pieces.length; this.#painted++) {
      if (run.pieces[this.#painted].row) this.#column(pen, run.pieces[this.#painted], this.#painted);
    }
  }

  /** Setting the size clears it. */
  #clear(width, height) {
    this.#canvas.width = Math.round(width * devicePixelRatio);
    this.#canvas.height = Math.round(height * devicePixelRatio);
    this.#canvas.style.width = `${width}px`;
    this.#canvas.style.height = `${height}px`;
  }

  #column(pen, {row, decided}, i) {
    const gap = this.#cell > 5 ? 1 : 0;
    for (let station = 0; station < row.layers.length; station++) {
      const {rank, p} = opinion(row, station);
      pen.fillStyle = rank < 0 ? colour('none') : heat(this.measure === 'rank' ? 1 - rank / GUESSES : p);
      pen.fillRect(i * this.#cell, station * ROW, this.#cell - gap, ROW - 1);
    }
    if (decided !== null) { // a line over the layer from which on it was the first guess
      pen.fillStyle = colour('ink');
      pen.fillRect(i * this.#cell, Math.max(0, decided * ROW - 1), this.#cell, 2);
    }
  }

  #drawCursor() {
    const {token, station} = this.#cursor;
    const width = Math.max(this.#cell, 4);
    const x = clamp(token * this.#cell, 0, this.#cell * this.#columns - width);
    for (const [id, isShown, row, height] of [['strip-column', token >= 0, 0, this.#run.layers.length * ROW - 1], ['strip-cell', token >= 0 && station >= 0, station, ROW]]) {
      const {style} = element(id);
      element(id).hidden = !isShown;
      style.width = `${width}px`;
      style.height = `${height}px`;
      style.transform = `translate(${x}px, ${row * ROW}px)`;
    }
  }

  #say() {
    const {token, station} = this.#cursor;
    const piece = this.#run.pieces[token];
    this.#canvas.setAttribute('aria-valuemin', 1);
    this.#canvas.setAttribute('aria-valuemax', Math.max(1, this.#run.pieces.length));
    this.#canvas.setAttribute('aria-valuenow', Math.max(1, token + 1));
    const at = station < 0 ? this.#run.layers.length - 1 : station;
    const {rank, p} = piece?.row ? opinion(piece.row, at) : {rank: -1, p: null};
    const thought = rank < 0 ? 'not among its five guesses' : `guess ${rank + 1}, ${percent(p)}`;
    this.#canvas.setAttribute('aria-valuetext',
      piece ? `token ${token + 1}, ${spoken(piece.text)}; layer ${layerName(this.#run.layers[at])}: ${thought}` : 'nothing yet');
  }
}

'use strict';

const MOST_SQUARES = 64;
const MOST_NAMED = 40;

/** Where the heads look. */
class AttentionView {
  constructor(report, state, strip) {
    Object.assign(this, {report, state, strip});
    element('attention').hidden = !report.patterns;
    if (!report.patterns) return;
    this.thumbnails = new Thumbnails(report, state);
    this.pattern = new HeatMap('pattern-plot', 'The pattern of one head: queries down, keys across. Left and right choose the query.',
      step => state.select({token: state.token + step.across + step.down}),
      row => state.select({token: this.view.from + Math.floor(row * this.view.each)}));
    this.keys = new HeatMap('keys-plot', 'What the heads of one layer look at: heads down, keys across. Up and down choose a head, left and right the query.',
      step => state.select({token: state.token + step.across, head: state.head + step.down}),
      row => state.select({head: row}));
    this.table = new NumberTable('attention-table', () => this.numbers());
    element('reach').hidden = report.length <= MOST_SQUARES;
    onChoice('reach', () => this.draw());
  }

  draw() {
    if (!this.report.patterns) return;
    showLegend(element('attention-legend'), theme.scale(), '0 %', '100 %');
    this.thumbnails.draw();
    this.drawPattern();
    this.drawKeys();
    this.table.draw();
  }

  /** All of the prompt in at most so many squares a side, or the tokens around the chosen one, one square each. */
  choosePart() {
    const {report, state} = this;
    const side = Math.min(report.length, MOST_SQUARES);
    const isNear = chosen('reach') === 'near';
    const from = isNear ? clamp(state.token - side / 2, 0, report.length - side) : 0;
    const to = isNear ? from + side : report.length;
    this.view = {from, to, side, each: (to - from) / side};
  }

  drawPattern() {
    const {report, state} = this;
    this.choosePart();
    const {from, to, side, each} = this.view;
    const squares = report.patterns.squares(state.block, state.head, {from, to}, side);
    const scale = theme.scale();
    const size = clamp(Math.floor(Math.min(this.pattern.width - GUTTER, 560) / side), 3, 44);
    const isNamed = side <= MOST_NAMED;
    const square = token => Math.floor((token - from) / each);
    element('head-name').textContent = `Layer ${state.block}, head ${state.head}`;
    this.pattern.show({
      first: 0, columns: side, cellWidth: size, rows: side, cellHeight: size,
      names: row => isNamed ? shorten(report.token(from + row), 8) : String(Math.ceil(from + row * each)),
      across: column => isNamed ? shorten(report.token(from + column), 6) : String(Math.ceil(from + column * each)),
      rotate: isNamed ? 90 : 0, acrossRoom: isNamed ? 56 : 20,
      cell: (row, column) => column <= row ? {colour: scale(squares[row * side + column])} : {},
      chosen: state.token < from || state.token >= to ? null : {row: square(state.token), column: square(this.strongest().key)},
      tip: (row, column) => this.tipOfPattern(squares, row, column),
    });
  }

  tipOfPattern(squares, row, column) {
    const {report} = this;
    const {from, side, each} = this.view;
    const range = square => {
      const first = Math.ceil(from + square * each);
      const last = Math.ceil(from + (square + 1) * each) - 1;
      return first >= last ? `${report.token(first)} (${first})` : `tokens ${first} to ${last}`;
    };
    return {head: percent(squares[row * side + column]), rows: [{name: `from ${range(row)}`, value: ''}, {name: `to ${range(column)}`, value: ''}]};
  }

  /** The key that the chosen token looks at most. */
  strongest(head = this.state.head) {
    const best = {key: this.state.token, weight: 0};
    this.report.patterns.eachKey(this.state.block, head, this.state.token, (key, weight) => {
      if (weight > best.weight) Object.assign(best, {key, weight});
    });
    return best;
  }

  drawKeys() {
    const {report, state, strip} = this;
    const scale = theme.scale();
    const rows = Array.from({length: report.model.heads}, (_, head) => report.patterns.row(state.block, head, state.token));
    element('keys-head').textContent = `What the heads of layer ${state.block} look at from ${report.token(state.token)}`;
    this.keys.show({
      first: strip.first, columns: strip.columns, cellWidth: strip.cellWidth, rows: rows.length, cellHeight: 24,
      names: head => `head ${head}`,
      cell: (head, key) => key > state.token ? {} : {
        colour: scale(rows[head][key]),
        text: rows[head][key] >= 0.005 ? percent(rows[head][key]) : '',
      },
      chosen: {row: state.head, column: state.token},
      tip: (head, key) => ({
        head: `Layer ${state.block}, head ${head}`,
        rows: [{name: `${report.token(state.token)} to ${report.token(key)}`, value: percent(rows[head][key]), share: rows[head][key]}],
      }),
    });
  }

  numbers() {
    const {report, state} = this;
    return {
      caption: `What the heads of layer ${state.block} look at most from ${report.token(state.token)}, token ${state.token}`,
      head: ['head', 'key', 'position', 'weight'],
      rows: Array.from({length: report.model.heads}, (_, head) => {
        const {key, weight} = this.strongest(head);
        return [String(head), report.token(key), String(key), percent(weight)];
      }),
    };
  }
}

function shorten(text, most) {
  return [...text].length <= most ? text : `${[...text].slice(0, most - 1).join('')}…`;
}

/** The patterns of all heads, small; they are painted while the page has nothing better to do. */
class Thumbnails {
  constructor(report, state) {
    Object.assign(this, {report, state});
    this.place = element('heads');
    this.side = Math.min(report.length, 40);
    this.size = clamp(Math.floor(420 / report.model.heads), 30, 56);
    this.squares = new Map();
    this.canvases = this.build();
    this.place.addEventListener('keydown', event => this.onKey(event));
    theme.listeners.push(() => this.paintAll());
    this.paintAll();
  }

  build() {
    const {layers, heads} = this.report.model;
    const numbers = Array.from({length: heads}, (_, head) => make('span', {text: head, attributes: {role: 'columnheader'}}));
    numbers.forEach(number => { number.style.width = `${this.size}px`; });
    this.place.append(make('div', {attributes: {role: 'row'}}, make('span', {attributes: {role: 'rowheader'}}), ...numbers));
    return Array.from({length: layers}, (_, layer) => {
      const row = Array.from({length: heads}, (_, head) => this.canvas(layer, head));
      this.place.append(make('div', {attributes: {role: 'row'}}, make('span', {text: layer, attributes: {role: 'rowheader'}}), ...row));
      return row;
    });
  }

  canvas(layer, head) {
    const canvas = make('canvas', {attributes: {
      role: 'gridcell', tabindex: -1, width: this.side, height: this.side, 'aria-label': `layer ${layer}, head ${head}`, title: `layer ${layer}, head ${head}`,
    }});
    canvas.style.width = canvas.style.height = `${this.size}px`;
    canvas.style.imageRendering = 'pixelated';
    canvas.addEventListener('click', () => this.state.select({layer, head}));
    return canvas;
  }

  onKey(event) {
    const step = stepOf(event, 1);
    if (!step) return;
    event.preventDefault();
    this.state.select({layer: this.state.block + step.down, head: this.state.head + step.across});
    this.state.select({layer: this.state.block});
    this.canvases[this.state.block][this.state.head].focus();
  }

  draw() {
    this.canvases.forEach((row, layer) => row.forEach((canvas, head) => {
      const isChosen = layer === this.state.block && head === this.state.head;
      canvas.setAttribute('aria-selected', isChosen);
      canvas.tabIndex = isChosen ? 0 : -1;
    }));
  }

  paintAll() {
    const waiting = this.canvases.flatMap((row, layer) => row.map((canvas, head) => () => this.paint(canvas, layer, head)));
    const scale = theme.scale();
    this.colours = Array.from({length: 256}, (_, i) => scale(i / 255));
    const some = deadline => {
      while (waiting.length && deadline.timeRemaining() > 1) waiting.shift()();
      if (waiting.length) requestIdleCallback(some);
    };
    requestIdleCallback(some);
  }

  paint(canvas, layer, head) {
    const key = `${layer}.${head}`;
    if (!this.squares.has(key)) {
      this.squares.set(key, this.report.patterns.squares(layer, head, {from: 0, to: this.report.length}, this.side));
    }
    const image = new ImageData(this.side, this.side);
    this.squares.get(key).forEach((share, at) => {
      const isFuture = at % this.side > Math.floor(at / this.side);
      image.data.set([...this.colours[Math.round(share * 255)], isFuture ? 0 : 255], at * 4);
    });
    canvas.getContext('2d').putImageData(image, 0, 0);
    canvas.dataset.painted = '';
  }
}

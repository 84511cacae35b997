import {opinion} from './run.js';
import {element, figure, layerName, make, percent, visible} from './text.js';

const NS = 'http://www.w3.org/2000/svg';

/** One token's way through the layers: how long the stream is after each, and what it would have said there. */
export class Lens {
  #place = element('lens');
  #rows = [];
  #lines = [];
  #shape = '';

  draw(run, index, station) {
    const row = run.pieces[index]?.row;
    if (!row) return;
    const shape = `${row.layers.length} ${row.layers[0].top.length}`;
    if (shape !== this.#shape) this.#build(row, shape);
    element('lens-token').replaceChildren(make('b', {text: visible(row.token)}), ` token ${index + 1}`);
    element('lens-says').textContent = this.#verdict(run.pieces[index]);
    row.layers.forEach((layer, i) => this.#fill(this.#rows[i], layer, {
      chosen: row.id, isDecided: run.pieces[index].decided !== null && i >= run.pieces[index].decided,
      isCursor: i === station, share: layer.norm / run.mostNorm,
    }));
    this.#lines.forEach((line, i) => {
      line.setAttribute('x1', `${(row.layers[i].norm ?? 0) / run.mostNorm * 100}%`);
      line.setAttribute('x2', `${(row.layers[i + 1].norm ?? 0) / run.mostNorm * 100}%`);
    });
  }

  #verdict({row, decided}) {
    const name = `“${visible(row.token)}”`;
    const end = row.layers.length - 1;
    const {rank, p} = opinion(row, end);
    if (decided === null) {
      return `Not settled: ${name} was drawn ${rank < 0 ? 'from beyond the five likeliest' : `as guess ${rank + 1}, at ${percent(p)}`}.`;
    }
    const from = row.layers[decided].layer;
    const when = from < 0 ? 'From the embedding on' : decided === end ? 'Only the last layer made' : `From layer ${from} on`;
    return decided === end ? `${when} ${name} the first guess, at ${percent(p)}.` : `${when}, ${name} was the first guess; at the end it had ${percent(p)}.`;
  }

  #build(row, shape) {
    this.#shape = shape;
    const heads = ['layer', 'norm', 'the likeliest tokens'].map(text => make('span', {text, attributes: {role: 'columnheader'}}));
    const head = make('div', {className: 'row heads', attributes: {role: 'row'}}, ...heads);
    this.#rows = row.layers.map(({layer, top}) => this.#row(layer, top.length));
    this.#place.replaceChildren(head, ...this.#rows.map(({whole}) => whole), this.#path(row.layers.length));
  }

  #row(layer, count) {
    const guesses = Array.from({length: count}, () => {
      const [token, share, bar] = [make('b'), make('small'), make('i')];
      return {cell: make('span', {className: 'guess', attributes: {role: 'cell'}}, token, make('span', {className: 'gauge'}, bar), share), token, share, bar};
    });
    const [number, bar] = [make('small'), make('i')];
    const whole = make('div', {className: 'row', attributes: {role: 'row'}},
      make('span', {className: 'layer', text: layerName(layer), attributes: {role: 'rowheader'}}),
      make('span', {className: 'norm', attributes: {role: 'cell'}}, bar, number),
      ...guesses.map(({cell}) => cell));
    return {whole, number, bar, guesses};
  }

  /** The norms as one line, over the bars: a piece of it from each row to the next. */
  #path(rows) {
    const svg = document.createElementNS(NS, 'svg');
    svg.setAttribute('aria-hidden', 'true');
    this.#lines = Array.from({length: rows - 1}, (_, i) => {
      const line = document.createElementNS(NS, 'line');
      line.setAttribute('y1', `${(i + 0.5) / rows * 100}%`);
      line.setAttribute('y2', `${(i + 1.5) / rows * 100}%`);
      return line;
    });
    svg.append(...this.#lines);
    return svg;
  }

  #fill({whole, number, bar, guesses}, {norm, top}, {chosen, isDecided, isCursor, share}) {
    whole.classList.toggle('decided', isDecided);
    whole.classList.toggle('cursor', isCursor);
    number.textContent = figure(norm);
    bar.style.width = `${(share || 0) * 100}%`;
    guesses.forEach((guess, i) => {
      const {token, id, p} = top[i];
      guess.cell.classList.toggle('chosen', id === chosen);
      guess.token.textContent = visible(token);
      guess.share.textContent = percent(p);
      guess.bar.style.width = `${(p || 0) * 100}%`;
    });
  }
}

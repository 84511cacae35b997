'use strict';

/** The data of the page; ReportJson.java is its other side. */
class Report {
  constructor(json) {
    this.model = json.model;
    this.tokens = unpack(json.tokens).values;
    this.texts = json.texts;
    this.leftOut = json.leftOut;
    this.lens = unpackAll(json.lens);
    this.stream = unpackAll(json.stream);
    this.patterns = json.patterns ? new Patterns(unpackAll(json.patterns), this) : null;
    this.attribution = json.attribution ? new Attribution(json.attribution) : null;
    this.sweeps = json.sweeps ?? [];
  }

  get length() {
    return this.tokens.length;
  }

  /** A token with its spaces visible; its id where there is no text. */
  text(id) {
    const text = this.texts[id];
    return text ? text.replaceAll(' ', '␣') : `#${id}`;
  }

  /** The token at a position. */
  token(position) {
    return this.text(this.tokens[position]);
  }

  prompt() {
    return Array.from(this.tokens, id => this.texts[id] ?? ` #${id}`).join('').replaceAll('\\n', '\n').trim();
  }

  /** What would come next after a layer, -1 for before the first: the likeliest first. */
  guesses(layer, position) {
    const count = this.lens.tokens.shape[2];
    return Array.from({length: count}, (_, k) => ({
      token: this.lens.tokens.at(layer + 1, position, k),
      probability: this.lens.probabilities.at(layer + 1, position, k),
    }));
  }

  /** How many bits a token came as a surprise; the first one has none. */
  surprise(position) {
    return position === 0 ? 0 : -Math.log2(this.lens.nextProbabilities.at(this.model.layers, position - 1));
  }
}

function unpackAll(packed) {
  return Object.fromEntries(Object.entries(packed).map(([name, value]) => [name, unpack(value)]));
}

/** The name of a layer of the stream. */
function layerName(layer) {
  return layer < 0 ? 'embed' : String(layer);
}

/** Attention patterns as Patterns.java keeps them: the strong keys of every query. */
class Patterns {
  constructor({starts, keys, weights}, report) {
    this.starts = starts.values;
    this.keys = keys.values;
    this.weights = weights.values;
    this.heads = report.model.heads;
    this.length = report.length;
  }

  /** Calls back with every kept key of a query and its weight. */
  eachKey(layer, head, query, callback) {
    const row = (layer * this.heads + head) * this.length + query;
    for (let i = this.starts[row]; i < this.starts[row + 1]; i++) {
      callback(this.keys[i], this.weights[i] / 255);
    }
  }

  /** The weight of every key. */
  row(layer, head, query) {
    const row = new Float32Array(this.length);
    this.eachKey(layer, head, query, (key, weight) => { row[key] = weight; });
    return row;
  }

  /** A part of a pattern in so many squares a side, each the largest weight in it. */
  squares(layer, head, {from, to}, side) {
    const squares = new Float32Array(side * side);
    const scale = side / (to - from);
    for (let query = from; query < to; query++) {
      const down = Math.floor((query - from) * scale) * side;
      this.eachKey(layer, head, query, (key, weight) => {
        if (key < from) return;
        const at = down + Math.floor((key - from) * scale);
        squares[at] = Math.max(squares[at], weight);
      });
    }
    return squares;
  }
}

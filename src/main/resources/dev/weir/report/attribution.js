'use strict';

/** Direct logit attribution: what LogitParts.java found. */
class Attribution {
  constructor({labels, said, next}) {
    this.labels = labels;
    this.said = unpackAll(said);
    this.next = unpackAll(next);
  }

  /** The parts and heads of the logit of the first guess, of the token that follows, or of the first less the second. */
  of(target, position) {
    if (target !== 'difference') return this.single(this[target], position);
    const said = this.single(this.said, position);
    const next = this.single(this.next, position);
    return {
      tokens: [...said.tokens, ...next.tokens],
      logit: said.logit - next.logit,
      parts: said.parts.map((part, i) => part - next.parts[i]),
      heads: said.heads.map((head, i) => head - next.heads[i]),
    };
  }

  single({tokens, logits, bias, parts, heads}, position) {
    const column = grid => Array.from({length: grid.shape[0]}, (_, row) => grid.at(row, position));
    return {tokens: [tokens.at(position)], logit: logits.at(position), parts: [...column(parts), bias.at(position)], heads: column(heads)};
  }

  /** The names of the parts, the bias of the final norm last. */
  get names() {
    return [...this.labels.map(partName), 'final bias'];
  }
}

/** TransformerLens' labels, as a person says them. */
function partName(label) {
  const [, layer, kind] = label.match(/^(\d+)_(attn|mlp)_out$/) ?? [];
  return layer ? `${kind} ${layer}` : label === 'pos_embed' ? 'position' : label;
}

/** Which layers and heads make a logit what it is. */
class AttributionView {
  constructor(report, state) {
    Object.assign(this, {report, state});
    element('attribution').hidden = !report.attribution;
    if (!report.attribution) return;
    this.heads = new HeatMap('head-parts-plot', 'What each head adds to the logit: layers down, heads across. Arrow keys choose a head.',
      step => state.select({layer: state.block + step.down, head: state.head + step.across}),
      (layer, head) => state.select({layer, head}));
    this.parts = new Bars('parts-plot', 'What each layer adds to the logit. Left and right choose a token.', step => state.select({token: state.token + step.across}));
    this.table = new NumberTable('attribution-table', () => this.numbers());
    onChoice('target', () => this.draw());
  }

  draw() {
    const {report, state} = this;
    if (!report.attribution) return;
    const isLast = state.token + 1 === report.length;
    document.querySelectorAll('input[name="target"]:not([value="said"])').forEach(input => { input.disabled = isLast; });
    this.found = report.attribution.of(isLast ? 'said' : chosen('target'), state.token);
    element('attribution-explains').textContent = this.explain();
    this.drawHeads();
    this.parts.show(report.attribution.names, this.found.parts);
    this.table.draw();
  }

  explain() {
    const {report, state, found} = this;
    const names = found.tokens.map(token => report.text(token));
    const sum = found.parts.reduce((all, part) => all + part, 0);
    const what = names.length === 2 ? `the logit of ${names[0]} less that of ${names[1]}` : `the logit of ${names[0]}`;
    return `After ${report.token(state.token)}, ${what} is ${figure(found.logit)}; the parts add up to ${figure(sum)}, and rounding is the remaining ${remainder(found.logit - sum)}.`;
  }

  drawHeads() {
    const {report, state, found} = this;
    const {heads, layers} = report.model;
    const most = Math.max(...found.heads.map(Math.abs), Number.MIN_VALUE);
    const scale = theme.diverging();
    const room = Math.min(this.heads.width || 480, 560) - GUTTER;
    this.heads.show({
      first: 0, columns: heads, cellWidth: clamp(Math.floor(room / heads), 18, 56), rows: layers, cellHeight: 28,
      names: layer => String(layer), across: head => String(head),
      cell: (layer, head) => {
        const value = found.heads[layer * heads + head];
        return {colour: scale(value / most), text: heads > 12 ? '' : brief(value)};
      },
      chosen: {row: state.block, column: state.head},
      tip: (layer, head) => ({head: `Layer ${layer}, head ${head}`, rows: [{name: 'adds', value: signed(found.heads[layer * heads + head])}]}),
    });
  }

  numbers() {
    const {report, found} = this;
    const {heads} = report.model;
    const parts = report.attribution.names.map((name, i) => [name, signed(found.parts[i])]);
    const ofHeads = found.heads.map((value, i) => [`layer ${Math.floor(i / heads)} head ${i % heads}`, value])
      .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, 20).map(([name, value]) => [name, signed(value)]);
    return {caption: `${this.explain()} Parts in order, then the heads that matter most.`, head: ['part', 'adds'], rows: [...parts, ...ofHeads]};
  }
}

function remainder(value) {
  return value === 0 ? '0' : value.toExponential(0);
}

/** Bars to both sides of zero. */
class Bars extends Plot {
  show(names, values) {
    this.names = names;
    this.values = values;
    const quiet = theme.colour('quiet');
    const line = {lineStyle: {color: theme.colour('line')}};
    const [more, less] = [theme.colour('accent'), theme.colour('warm')];
    const each = clamp(Math.floor(520 / names.length), 15, 24);
    this.draw(names.length * each + 30, {
      grid: {left: 78, right: 56, top: 4, bottom: 26},
      xAxis: {type: 'value', axisLabel: {color: quiet, fontSize: 11.5}, splitLine: line, splitNumber: 4},
      yAxis: {
        type: 'category', inverse: true, data: names, axisTick: {show: false}, axisLine: {show: true, onZero: true, ...line},
        axisLabel: {color: quiet, fontSize: 11.5, interval: 0, margin: 10}, position: 'left', offset: 0,
      },
      series: [{
        type: 'bar', barMaxWidth: 14, emphasis: {disabled: true},
        data: values.map(value => ({
          value,
          itemStyle: {color: value < 0 ? less : more, borderRadius: value < 0 ? [3, 0, 0, 3] : [0, 3, 3, 0]},
          label: {show: true, position: value < 0 ? 'left' : 'right', color: quiet, fontSize: 11, formatter: signed(value)},
        })),
      }],
    });
  }

  listen() {
    this.chart.on('mousemove', params => tip.show(params.event.event, {
      head: this.names[params.dataIndex], rows: [{name: 'adds', value: signed(this.values[params.dataIndex])}],
    }));
    this.chart.on('mouseout', () => tip.hide());
  }
}

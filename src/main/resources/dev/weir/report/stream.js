'use strict';

const STREAM_EXPLAINS = {
  norm: 'The norm of the stream as it leaves each layer. The scale is logarithmic.',
  attention: 'The norm of what attention adds to the stream. The scale is logarithmic.',
  mlp: 'The norm of what the MLP adds to the stream. The scale is logarithmic.',
  change: 'How far a layer is from the identity: the length of what it adds, as a share of the stream that enters it. The scale is logarithmic.',
  cosine: 'The cosine between the stream that leaves a layer and the one that entered it: 1 where the layer only made it longer.',
};

/** How long the stream is, and what is added to it. */
class StreamView {
  constructor(report, state, strip) {
    Object.assign(this, {report, state, strip});
    const onStep = step => state.select({token: state.token + step.across, layer: state.layer + step.down});
    this.map = new HeatMap('stream-plot', 'Norms of the stream: layers down, tokens across. Arrow keys choose.', onStep,
      (row, token) => state.select({token, layer: row - this.before()}));
    this.profile = new Profile(report, state, onStep);
    this.table = new NumberTable('stream-table', () => this.numbers());
    this.ranges = Object.fromEntries(Object.entries(report.stream).map(([name, grid]) => [name, logarithmicRange(grid.values)]));
    onChoice('stream-measure', () => this.draw());
  }

  /** Rows before the first layer: only the stream itself has one. */
  before() {
    return chosen('stream-measure') === 'norm' ? 1 : 0;
  }

  draw() {
    const {report, state, strip} = this;
    const measure = chosen('stream-measure');
    const grid = report.stream[measure];
    const scale = theme.scale();
    const [least, most] = this.ranges[measure];
    const share = measure === 'cosine' ? value => value : value => Math.log(value / least) / Math.log(most / least);
    this.map.show({
      first: strip.first, columns: strip.columns, cellWidth: strip.cellWidth, rows: grid.shape[0], cellHeight: 24,
      names: row => layerName(row - this.before()),
      cell: (row, position) => {
        const value = grid.at(row, position);
        return {colour: scale(share(value)), text: figure(value)};
      },
      chosen: {row: state.layer + this.before(), column: state.token},
      tip: (row, position) => this.tip(row - this.before(), position),
    });
    element('stream-explains').textContent = STREAM_EXPLAINS[measure];
    showLegend(element('stream-legend'), scale, measure === 'cosine' ? '0' : figure(least), measure === 'cosine' ? '1' : figure(most));
    this.profile.draw();
    this.table.draw();
  }

  tip(layer, position) {
    const rows = this.row(layer, position);
    const names = ['norm', 'attention adds', 'MLP adds', 'change', 'cosine'];
    return {
      head: `${this.report.token(position)}, ${layer < 0 ? 'before the first layer' : `layer ${layer}`}`,
      rows: names.map((name, i) => ({name, value: rows[i]})).filter(({value}) => value !== '–'),
    };
  }

  row(layer, position) {
    const {norm, attention, mlp, change, cosine} = this.report.stream;
    const at = grid => layer < 0 ? NaN : grid.at(layer, position);
    return [norm.at(layer + 1, position), at(attention), at(mlp), at(change), at(cosine)].map(figure);
  }

  numbers() {
    const {report, state} = this;
    return {
      caption: `The stream of ${report.token(state.token)}, token ${state.token}`,
      head: ['layer', 'norm', 'attention adds', 'MLP adds', 'change', 'cosine'],
      rows: Array.from({length: report.model.layers + 1}, (_, row) => [layerName(row - 1), ...this.row(row - 1, state.token)]),
    };
  }
}

/** Least and most of what is above zero. */
function logarithmicRange(values) {
  let least = Infinity;
  let most = 0;
  for (const value of values) {
    if (value > 0 && value < least) least = value;
    if (value > most) most = value;
  }
  return [least, Math.max(most, least * 1.001)];
}

/** One token on its way through the layers: the stream as a line, what is added as bars. */
class Profile {
  constructor(report, state, onStep) {
    Object.assign(this, {report, state});
    this.plot = new Plot('profile-plot', 'The norm of one token’s stream by layer, and of what attention and MLP add to it. Arrow keys choose.', onStep);
  }

  draw() {
    const {report, state} = this;
    const {norm, attention, mlp} = report.stream;
    const token = state.token;
    element('profile-head').textContent = `${report.token(token)} on its way`;
    const layers = Array.from({length: report.model.layers + 1}, (_, row) => row - 1);
    const quiet = theme.colour('quiet');
    const accent = theme.colour('accent');
    const bar = (name, color, grid) => ({
      name, type: 'bar', color, barMaxWidth: 22, itemStyle: {borderRadius: [3, 3, 0, 0]}, emphasis: {disabled: true},
      data: layers.map(layer => layer < 0 ? null : grid.at(layer, token)),
    });
    this.plot.draw(230, {
      grid: {left: GUTTER, right: 12, top: 34, bottom: 26},
      legend: {left: GUTTER - 5, top: 0, itemWidth: 14, itemHeight: 8, itemGap: 18, textStyle: {color: quiet}, selectedMode: false},
      xAxis: {
        type: 'category', data: layers.map(layerName), axisTick: {show: false}, axisLine: {lineStyle: {color: theme.colour('line')}},
        axisLabel: {color: value => value === layerName(state.layer) ? accent : quiet, fontSize: 11.5},
      },
      yAxis: {type: 'value', axisLabel: {color: quiet, fontSize: 11.5}, splitLine: {lineStyle: {color: theme.colour('line')}}, splitNumber: 4},
      series: [
        bar('attention adds', accent, attention),
        bar('MLP adds', theme.colour('warm'), mlp),
        {
          name: 'stream', type: 'line', color: theme.colour('ink'), symbolSize: 6, lineStyle: {width: 2}, emphasis: {disabled: true},
          data: layers.map(layer => norm.at(layer + 1, token)),
        },
      ],
    });
  }
}

'use strict';

/** What the model would say next, layer by layer. */
class LensView {
  constructor(report, state, strip) {
    Object.assign(this, {report, state, strip});
    this.map = new HeatMap('lens-plot', 'Logit lens: layers down, tokens across. Arrow keys choose.',
      step => state.select({token: state.token + step.across, layer: state.layer + step.down}),
      (row, token) => state.select({token, layer: row - 1}));
    this.table = new NumberTable('lens-table', () => this.numbers());
    onChoice('lens-measure', () => this.draw());
  }

  draw() {
    const {report, state, strip} = this;
    const scale = theme.scale();
    const share = this.shares()[chosen('lens-measure')];
    this.map.show({
      first: strip.first, columns: strip.columns, cellWidth: strip.cellWidth,
      rows: report.model.layers + 1, cellHeight: 27,
      names: row => layerName(row - 1),
      cell: (row, position) => ({
        colour: scale(share(row, position)),
        text: report.text(report.lens.tokens.at(row, position, 0)),
      }),
      chosen: {row: state.layer + 1, column: state.token},
      tip: (row, position) => this.tip(row - 1, position),
    });
    const isRank = chosen('lens-measure') === 'rank';
    showLegend(element('lens-legend'), scale, isRank ? `rank ${report.model.vocabulary - 1}` : '0 %', isRank ? 'rank 0' : '100 %');
    this.table.draw();
  }

  /** How full a cell's colour is, by what it shows. Ranks are on a logarithmic scale. */
  shares() {
    const {lens, model} = this.report;
    return {
      top: (row, position) => lens.probabilities.at(row, position, 0),
      next: (row, position) => lens.nextProbabilities.at(row, position),
      rank: (row, position) => {
        const rank = lens.nextRanks.at(row, position);
        return rank < 0 ? NaN : 1 - Math.log1p(rank) / Math.log(model.vocabulary);
      },
    };
  }

  tip(layer, position) {
    const {report} = this;
    const rows = report.guesses(layer, position)
      .map(({token, probability}) => ({name: report.text(token), value: percent(probability), share: probability}));
    if (position + 1 < report.length) {
      rows.push({name: `then comes ${report.token(position + 1)}`, value: this.next(layer, position)});
    }
    return {head: `After ${report.token(position)}, ${layer < 0 ? 'before the first layer' : `layer ${layer}`}`, rows};
  }

  next(layer, position) {
    const {nextProbabilities, nextRanks} = this.report.lens;
    return `${percent(nextProbabilities.at(layer + 1, position))}, rank ${nextRanks.at(layer + 1, position)}`;
  }

  numbers() {
    const {report, state} = this;
    const guesses = report.guesses(-1, state.token);
    const isLast = state.token + 1 === report.length;
    return {
      caption: `What would come after ${report.token(state.token)}, token ${state.token}`,
      head: ['layer', ...guesses.map((_, k) => k === 0 ? 'likeliest' : `${k + 1}.`), ...isLast ? [] : [`${report.token(state.token + 1)}, which comes`]],
      rows: Array.from({length: report.model.layers + 1}, (_, row) => [
        layerName(row - 1),
        ...report.guesses(row - 1, state.token).map(({token, probability}) => `${report.text(token)} ${percent(probability)}`),
        ...isLast ? [] : [this.next(row - 1, state.token)],
      ]),
    };
  }
}

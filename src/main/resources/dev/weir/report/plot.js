'use strict';

/** Room for the names of rows, left of every plot; the strip leaves the same. */
const GUTTER = 64;

/**
 * A place where ECharts draws, that can be focused and driven by arrow keys. It says what it is; what is chosen in it is said by the
 * status line, and the table below has the numbers.
 */
class Plot {
  constructor(id, label, onStep) {
    this.place = element(id);
    this.place.tabIndex = 0;
    this.place.setAttribute('role', 'application');
    this.place.setAttribute('aria-roledescription', 'plot');
    this.place.setAttribute('aria-label', label);
    this.place.addEventListener('keydown', event => {
      const step = stepOf(event, 10);
      if (!step) return;
      event.preventDefault();
      onStep(step);
    });
    this.place.addEventListener('mouseleave', () => tip.hide());
  }

  /** Draws anew. */
  draw(height, option) {
    this.place.style.height = `${height}px`;
    if (!this.chart) {
      this.chart = echarts.init(this.place);
      this.listen();
    }
    if (this.chart.getWidth() !== this.width || this.chart.getHeight() !== height) {
      this.chart.resize();
    }
    this.chart.setOption({animation: false, textStyle: {fontFamily: theme.colour('text')}, ...option}, {notMerge: true});
  }

  listen() {}

  get width() {
    return this.place.clientWidth;
  }
}

/**
 * A grid of coloured cells.
 *
 * What is drawn: {first, columns, cellWidth, rows, cellHeight, names, cell, chosen, tip, across}, where cell(row, column) gives
 * {colour, text}, chosen is {row, column}, tip(row, column) gives the content of the tip, and across the names of columns, if any.
 */
class HeatMap extends Plot {
  constructor(id, label, onStep, onPick) {
    super(id, label, onStep);
    this.onPick = onPick;
  }

  show(what) {
    const shown = cellsOf(what);
    Object.assign(this, {what, shown});
    const top = what.across ? what.acrossRoom ?? 20 : 4;
    const code = theme.colour('code');
    const quiet = theme.colour('quiet');
    const columns = Array.from({length: what.columns}, (_, i) => what.first + i);
    this.draw(top + what.rows * what.cellHeight + 4, {
      grid: {left: GUTTER, top, width: what.columns * what.cellWidth, height: what.rows * what.cellHeight},
      xAxis: {
        type: 'category', position: 'top', data: columns.map(column => what.across?.(column) ?? ''), axisLine: {show: false}, axisTick: {show: false},
        splitLine: {show: false},
        axisLabel: {show: Boolean(what.across), color: quiet, fontSize: 11, fontFamily: code, margin: 6, hideOverlap: !what.rotate, interval: what.rotate ? 0 : 'auto', rotate: what.rotate ?? 0},
      },
      yAxis: {
        type: 'category', inverse: true, data: Array.from({length: what.rows}, (_, row) => what.names(row)), axisLine: {show: false},
        axisTick: {show: false}, splitLine: {show: false},
        axisLabel: {
          interval: Math.ceil(13 / what.cellHeight) - 1, fontSize: 11.5, margin: 10,
          color: (_, row) => row === what.chosen?.row ? theme.colour('accent') : quiet,
        },
      },
      series: [{
        type: 'custom', data: shown.map(({row, column}) => [column - what.first, row]), clip: false, progressive: 0,
        renderItem: (params, api) => cellShape(what, shown[params.dataIndex], api),
      }, {
        type: 'custom', data: chosenCell(what), silent: true, z: 5, renderItem: (params, api) => chosenShape(what, api),
      }],
    });
  }

  listen() {
    this.chart.on('click', params => {
      const {row, column} = this.shown[params.dataIndex];
      this.onPick(row, column);
    });
    this.chart.on('mousemove', params => {
      const {row, column} = this.shown[params.dataIndex];
      tip.show(params.event.event, this.what.tip(row, column));
    });
    this.chart.on('mouseout', () => tip.hide());
  }
}

/** Row by row; cells without a colour are left out. */
function cellsOf({rows, columns, first, cell}) {
  const shown = [];
  for (let row = 0; row < rows; row++) {
    for (let column = first; column < first + columns; column++) {
      const {colour, text} = cell(row, column);
      if (colour) shown.push({row, column, colour, text});
    }
  }
  return shown;
}

function cellShape({cellWidth, cellHeight}, {colour, text}, api) {
  const [x, y] = api.coord([api.value(0), api.value(1)]);
  const gap = Math.min(cellWidth, cellHeight) > 8 ? 1 : 0;
  const rect = {
    type: 'rect',
    shape: {x: x - cellWidth / 2 + gap, y: y - cellHeight / 2 + gap, width: cellWidth - 2 * gap, height: cellHeight - 2 * gap, r: gap * 3},
    style: {fill: css(colour)},
  };
  if (!text) return rect;
  const label = {
    type: 'text', silent: true,
    style: {
      text, x, y, fill: inkOn(colour), align: 'center', verticalAlign: 'middle', font: `12px ${theme.colour('code')}`,
      width: cellWidth - 8, overflow: 'truncate', ellipsis: '…',
    },
  };
  return {type: 'group', children: [rect, label]};
}

function chosenCell({chosen, first, columns}) {
  const isInSight = chosen && chosen.column >= first && chosen.column < first + columns;
  return isInSight ? [[chosen.column - first, chosen.row]] : [];
}

function chosenShape({cellWidth, cellHeight}, api) {
  const [x, y] = api.coord([api.value(0), api.value(1)]);
  return {
    type: 'rect',
    shape: {x: x - cellWidth / 2, y: y - cellHeight / 2, width: cellWidth, height: cellHeight, r: 4},
    style: {fill: 'none', stroke: theme.colour('ink'), lineWidth: 2},
  };
}

/** What stands beside the pointer. */
const tip = {
  show(event, {head, rows = []}) {
    const place = element('tip');
    place.replaceChildren(make('b', {text: head}), ...rows.map(row => this.row(row)));
    place.hidden = false;
    const {width, height} = place.getBoundingClientRect();
    const beyond = event.clientX + 16 + width > innerWidth;
    place.style.left = `${Math.max(4, beyond ? event.clientX - width - 16 : event.clientX + 16)}px`;
    place.style.top = `${clamp(event.clientY + 16, 4, innerHeight - height - 4)}px`;
  },

  /** {name, value, share}: the share is drawn as a bar. */
  row({name, value, share}) {
    const row = make('div', {className: 'row'}, make('span', {text: name}));
    if (share !== undefined) {
      const bar = make('i');
      bar.style.width = `${100 * share}%`;
      row.append(make('span', {className: 'bar'}, bar));
    }
    row.append(make('span', {text: value}));
    return row;
  },

  hide() {
    element('tip').hidden = true;
  },
};

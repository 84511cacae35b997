'use strict';

/** Patching sweeps, where there were some: how much of the clean prompt's answer each patch brings back. */
class SweepView {
  constructor(report) {
    this.sweeps = report.sweeps;
    element('sweep').hidden = this.sweeps.length === 0;
    if (this.sweeps.length === 0) return;
    this.map = new HeatMap('sweep-plot', 'Patching: arrow keys choose a cell.', step => this.choose(this.row + step.down, this.column + step.across),
      (row, column) => this.choose(row, column));
    this.table = new NumberTable('sweep-table', () => this.numbers());
    element('component').append(...this.sweeps.map(({title}, i) => make('label', {},
      make('input', {attributes: {type: 'radio', name: 'component', value: i, ...i === 0 ? {checked: ''} : {}}}), make('span', {text: title}))));
    onChoice('component', () => this.begin());
    this.begin();
  }

  /** With the cell that brings back most. */
  begin() {
    const {restored} = this.sweep;
    const most = Math.max(...restored.flat().map(value => value ?? -Infinity));
    this.row = restored.findIndex(row => row.includes(most));
    this.column = restored[this.row].indexOf(most);
    this.draw();
  }

  get sweep() {
    return this.sweeps[Number(chosen('component'))];
  }

  choose(row, column) {
    const {rows, columns} = this.sweep;
    this.row = clamp(row, 0, rows.labels.length - 1);
    this.column = clamp(column, 0, columns.labels.length - 1);
    this.draw();
  }

  draw() {
    if (this.sweeps.length === 0) return;
    const {rows, columns, restored} = this.sweep;
    const scale = theme.diverging();
    const room = (this.map.width - GUTTER) / columns.labels.length;
    const most = Math.max(1, ...restored.flat().map(value => Math.abs(value ?? 0)));
    const isNamed = room >= 15;
    const named = columns.name === 'position' ? label => shorten(label.replaceAll(' ', '␣'), 10) : label => label;
    this.map.show({
      first: 0, columns: columns.labels.length, cellWidth: clamp(Math.floor(room), 2, 72), rows: rows.labels.length,
      cellHeight: rows.labels.length > 40 ? 10 : 24,
      names: row => rows.labels[row], across: column => isNamed ? named(columns.labels[column]) : String(column),
      rotate: isNamed && columns.name === 'position' ? 90 : 0, acrossRoom: isNamed && columns.name === 'position' ? 72 : 20,
      cell: (row, column) => ({
        colour: scale((restored[row][column] ?? 0) / most),
        text: room >= 34 && rows.labels.length <= 40 ? brief(restored[row][column] ?? NaN) : '',
      }),
      chosen: {row: this.row, column: this.column},
      tip: (row, column) => this.tip(row, column),
    });
    showLegend(element('sweep-legend'), scale, '0', figure(most));
    element('sweep-explains').textContent = this.explain();
    this.table.draw();
  }

  /** What the section says, and what is chosen in it. */
  explain() {
    const {clean, corrupted} = this.sweep;
    const {head, rows} = this.tip(this.row, this.column);
    return `Activation patching: each cell puts one value of the clean prompt into the corrupted one; 1 brings all of its answer back. `
      + `The metric is ${figure(clean)} clean and ${figure(corrupted)} corrupted. Chosen: ${head}, ${rows.map(({name, value}) => `${name} ${value}`).join(', ')}.`;
  }

  tip(row, column) {
    const {rows, columns, values, restored} = this.sweep;
    return {
      head: `${rows.name} ${rows.labels[row]}, ${columns.name} ${column}${columns.name === 'position' ? ` ${columns.labels[column]}` : ''}`,
      rows: [{name: 'restored', value: figure(restored[row][column] ?? NaN)}, {name: 'metric', value: figure(values[row][column] ?? NaN)}],
    };
  }

  numbers() {
    const {title, rows, columns, restored} = this.sweep;
    return {
      caption: `Restored: ${title}`, head: [rows.name, ...columns.labels],
      rows: rows.labels.map((label, row) => [label, ...restored[row].map(value => figure(value ?? NaN))]),
    };
  }
}

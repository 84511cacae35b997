'use strict';

/**
 * The numbers of a plot, for those who read rather than see: about what is chosen, and made when it is opened. content() gives {caption,
 * head, rows}; the first cell of a row is its name.
 */
class NumberTable {
  constructor(id, content) {
    this.place = element(id);
    this.content = content;
    this.place.addEventListener('toggle', () => this.draw());
  }

  draw() {
    this.place.querySelector('.scroll')?.remove();
    if (!this.place.open) return;
    const {caption, head, rows} = this.content();
    const table = make('table', {},
      make('caption', {text: caption}),
      make('thead', {}, make('tr', {}, ...head.map(text => make('th', {text, attributes: {scope: 'col'}})))),
      make('tbody', {}, ...rows.map(([name, ...cells]) => make('tr', {},
        make('th', {text: name, attributes: {scope: 'row'}}), ...cells.map(text => make('td', {text}))))));
    this.place.append(make('div', {className: 'scroll', attributes: {tabindex: 0, role: 'region', 'aria-label': caption}}, table));
  }
}

'use strict';

/** Puts the page together. */
class ReportPage {
  constructor(report) {
    this.report = report;
    this.state = new State(report);
    this.strip = new Strip(report, this.state);
    this.views = [LensView, StreamView, AttentionView, AttributionView, SweepView].map(View => new View(report, this.state, this.strip));
    this.state.onChange(() => this.draw());
    theme.listeners.push(() => this.state.changed());
    new ResizeObserver(() => this.state.changed()).observe(document.body);
  }

  describe() {
    const {model, leftOut, length} = this.report;
    const title = this.report.prompt();
    document.title = `${title.slice(0, 60)} · Weir`;
    element('prompt').textContent = title;
    element('model').textContent = `${model.name}, ${length} tokens, ${model.layers} layers of ${model.heads} heads, width ${model.width}`;
    const facts = {model: model.name, 'weights, SHA-256': model.sha256, 'kept as': model.dtype, machine: model.machine, 'made by': 'Weir'};
    element('facts').append(...Object.entries(facts).flatMap(([name, value]) => [make('dt', {text: name}), make('dd', {text: value})]));
    element('left-out').hidden = leftOut.length === 0;
    document.querySelector('#left-out ul').append(...leftOut.map(text => make('li', {text})));
  }

  draw() {
    this.strip.draw();
    this.views.forEach(view => view.draw());
    this.read();
    document.documentElement.dataset.drawn = `${this.state.token} ${this.state.layer} ${this.state.head}`;
  }

  /** What is chosen, in words. */
  read() {
    const {report, state} = this;
    const {token, layer, head} = state;
    const guesses = report.guesses(layer, token).slice(0, 3)
      .flatMap(({token: next, probability}, k) => [k ? ', ' : '', make('b', {text: report.text(next)}), ` ${percent(probability)}`]);
    element('reading').replaceChildren(`Token ${token} `, make('b', {text: report.token(token)}),
      layer < 0 ? ' · before the first layer' : ` · layer ${layer} · head ${head}`, ' · next: ', ...guesses);
  }
}

theme.start();
const page = new ReportPage(new Report(JSON.parse(element('data').textContent)));
page.describe();
page.draw();

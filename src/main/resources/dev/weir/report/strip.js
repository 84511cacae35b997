'use strict';

const WIDEST_COLUMN = 104;
const NARROWEST_COLUMN = 60;

/**
 * The tokens of the prompt, across the top. However long it is, only the tokens in sight are in the page; the plots below draw the same
 * columns.
 */
class Strip {
  constructor(report, state) {
    this.report = report;
    this.state = state;
    this.first = 0;
    this.place = element('strip');
    this.place.addEventListener('keydown', event => this.onKey(event));
    this.place.addEventListener('click', event => {
      const option = event.target.closest('[role="option"]');
      if (option) state.select({token: Number(option.dataset.position)});
    });
    for (const id of ['strip', 'lens-plot', 'stream-plot', 'keys-plot']) {
      element(id).addEventListener('wheel', event => this.onWheel(event), {passive: false});
    }
    this.overview = new Overview(report, this, state);
  }

  onKey(event) {
    const step = stepOf(event, this.columns);
    if (!step) return;
    event.preventDefault();
    this.state.select({token: this.state.token + step.across, layer: this.state.layer + step.down});
  }

  /** Sideways only: up and down belong to the page. */
  onWheel(event) {
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (Math.abs(sideways) < Math.abs(event.shiftKey ? 0 : event.deltaY) || sideways === 0) return;
    event.preventDefault();
    this.scrollTo(this.first + Math.sign(sideways) * Math.ceil(Math.abs(sideways) / this.cellWidth));
  }

  scrollTo(first) {
    this.first = clamp(Math.round(first), 0, this.report.length - this.columns);
    this.seen = this.state.token; // the person looks elsewhere
    this.state.changed();
  }

  /** How many columns there is room for, and which; the chosen token comes into sight when it changes. */
  measure() {
    const room = this.place.clientWidth - GUTTER;
    this.columns = clamp(Math.floor(room / NARROWEST_COLUMN), 1, this.report.length);
    this.cellWidth = Math.min(WIDEST_COLUMN, Math.floor(room / this.columns));
    if (this.state.token !== this.seen) {
      this.seen = this.state.token;
      const isFar = this.seen < this.first - 1 || this.seen > this.first + this.columns;
      this.first = isFar ? this.seen - Math.floor(this.columns * 2 / 3) : clamp(this.first, this.seen - this.columns + 1, this.seen);
    }
    this.first = clamp(this.first, 0, this.report.length - this.columns);
  }

  draw() {
    this.measure();
    const options = Array.from({length: this.columns}, (_, i) => this.option(this.first + i));
    this.place.replaceChildren(...options);
    const isInSight = this.state.token >= this.first && this.state.token < this.first + this.columns;
    if (isInSight) {
      this.place.setAttribute('aria-activedescendant', `token-${this.state.token}`);
    } else {
      this.place.removeAttribute('aria-activedescendant');
    }
    this.overview.draw();
  }

  option(position) {
    const option = make('div', {
      text: this.report.token(position),
      attributes: {
        role: 'option', id: `token-${position}`, 'data-position': position, 'aria-selected': position === this.state.token,
        'aria-posinset': position + 1, 'aria-setsize': this.report.length,
      },
    }, make('small', {text: position}));
    option.style.left = `${GUTTER + (position - this.first) * this.cellWidth}px`;
    option.style.width = `${this.cellWidth - 2}px`;
    return option;
  }
}

/** The whole prompt in one line, where it does not fit: how surprising each token was, and the part that is shown. */
class Overview {
  constructor(report, strip, state) {
    this.report = report;
    this.strip = strip;
    this.state = state;
    this.place = element('overview');
    const pull = event => strip.scrollTo(event.offsetX / this.place.clientWidth * report.length - strip.columns / 2);
    this.place.addEventListener('pointerdown', event => {
      this.place.setPointerCapture(event.pointerId);
      pull(event);
    });
    this.place.addEventListener('pointermove', event => event.buttons && pull(event));
    this.place.addEventListener('keydown', event => {
      const step = stepOf(event, strip.columns);
      if (!step) return;
      event.preventDefault();
      strip.scrollTo(strip.first + step.across + step.down * strip.columns);
    });
  }

  draw() {
    const {first, columns} = this.strip;
    this.place.hidden = columns >= this.report.length;
    if (this.place.hidden) return;
    this.place.setAttribute('aria-valuemin', 0);
    this.place.setAttribute('aria-valuemax', this.report.length - columns);
    this.place.setAttribute('aria-valuenow', first);
    this.place.setAttribute('aria-valuetext', `tokens ${first} to ${first + columns - 1} of ${this.report.length}`);
    this.paint(first, columns);
  }

  paint(first, columns) {
    const width = this.place.clientWidth;
    const height = this.place.clientHeight;
    this.place.width = width * devicePixelRatio;
    this.place.height = height * devicePixelRatio;
    const pen = this.place.getContext('2d');
    pen.scale(devicePixelRatio, devicePixelRatio);
    pen.fillStyle = theme.colour('none');
    pen.fillRect(0, 0, width, height);
    const across = position => position / this.report.length * width;
    pen.fillStyle = theme.colour('quiet');
    for (let position = 0; position < this.report.length; position++) {
      const tall = clamp(this.report.surprise(position) / 16, 0, 1) * height;
      pen.globalAlpha = 0.45;
      pen.fillRect(across(position), height - tall, Math.max(0.75, across(1) - 0.25), tall);
    }
    pen.globalAlpha = 0.16;
    pen.fillStyle = theme.colour('accent');
    pen.fillRect(across(first), 0, across(columns), height);
    pen.globalAlpha = 1;
    pen.strokeStyle = theme.colour('accent');
    pen.strokeRect(across(first) + 0.5, 0.5, across(columns) - 1, height - 1);
    pen.fillRect(across(this.state.token), 0, Math.max(2, across(1)), height);
  }
}

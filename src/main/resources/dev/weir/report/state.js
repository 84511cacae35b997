'use strict';

/** What is chosen: a token, a layer (-1 before the first), a head. Listeners hear of changes once a frame. */
class State {
  constructor(report) {
    this.limits = {token: [0, report.length - 1], layer: [-1, report.model.layers - 1], head: [0, report.model.heads - 1]};
    this.token = report.length - 1;
    this.layer = report.model.layers - 1;
    this.head = this.strongestHead(report);
    this.listeners = [];
    this.isWaiting = false;
  }

  /** To begin with: the head of the last layer that adds most to what is said. */
  strongestHead({attribution, model, length}) {
    if (!attribution) return 0;
    const added = attribution.of('said', length - 1).heads.slice(-model.heads);
    return added.indexOf(Math.max(...added));
  }

  select(changes) {
    for (const [name, value] of Object.entries(changes)) {
      this[name] = clamp(value, ...this.limits[name]);
    }
    this.changed();
  }

  /** Has everything drawn again. */
  changed() {
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      this.listeners.forEach(listener => listener());
    });
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  /** The layer whose heads are meant: the first where the stream before it is chosen. */
  get block() {
    return Math.max(0, this.layer);
  }
}

/** Arrow keys as steps: {token: ±n} across, {down: ±1} down; null for other keys. */
function stepOf(event, page) {
  if (event.ctrlKey || event.altKey || event.metaKey) return null;
  switch (event.key) {
    case 'ArrowLeft': return {across: -1, down: 0};
    case 'ArrowRight': return {across: 1, down: 0};
    case 'ArrowUp': return {across: 0, down: -1};
    case 'ArrowDown': return {across: 0, down: 1};
    case 'PageUp': return {across: -page, down: 0};
    case 'PageDown': return {across: page, down: 0};
    case 'Home': return {across: -Infinity, down: 0};
    case 'End': return {across: Infinity, down: 0};
    default: return null;
  }
}

import {Client} from './client.js';
import {onColours} from './colours.js';
import {Lens} from './lens.js';
import {Mixer} from './mixer.js';
import {Run} from './run.js';
import {State} from './state.js';
import {Story} from './story.js';
import {Strip} from './strip.js';
import {element, make} from './text.js';

const PAUSE = 120; // milliseconds that a slider rests before a text is written
const TRY_AGAIN = 1000;
const SEEDS = 10_000;
const LEAD = 40; // characters of the text without edits that are shown before it parts
const FIELDS = ['prompt', 'tokens', 'temperature', 'seed'];

/** The page: what is asked for, what comes, and what is looked at. */
class Page {
  client = new Client();
  state = State.fromHash(location.hash);
  run = null;
  before = null;
  isOpen = true;
  hovered = null;
  pinned = null;
  station = -1;
  #layers = [];
  #isWaiting = false;
  #timer = 0;

  constructor() {
    const choices = {
      hover: (index, station = -1) => this.#look({hovered: index, station}),
      pin: (index, station = -1) => this.#look({pinned: index, hovered: null, station}),
      redraw: () => this.changed(),
    };
    this.story = new Story(choices);
    this.strip = new Strip(choices);
    this.lens = new Lens();
    this.mixer = new Mixer((layer, part, strength) => this.#turn(layer, part, strength));
    this.#listen();
    this.#showFields();
  }

  #listen() {
    element('ask').addEventListener('submit', event => {
      event.preventDefault();
      if (this.#isWriting) this.stop();
      else this.#ask();
    });
    element('reseed').addEventListener('click', () => {
      element('seed').value = Math.floor(Math.random() * SEEDS);
      this.#ask();
    });
    element('reset').addEventListener('click', () => {
      this.state.edits.clear();
      this.generate();
      element('mixer').querySelector('input').focus();
    });
    element('key-form').addEventListener('submit', event => {
      event.preventDefault();
      this.client.key = element('key').value.trim();
      element('key').value = '';
      this.start();
    });
    element('copy').addEventListener('click', () => this.#copy());
    document.addEventListener('keydown', event => this.#onKey(event));
    addEventListener('hashchange', () => this.#followLink());
    addEventListener('resize', () => this.changed());
    onColours(() => this.changed());
  }

  #onKey(event) {
    if (event.key === 'Escape') {
      if (this.#isWriting) this.stop();
      else this.#look({pinned: null, hovered: null, station: -1});
    } else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.repeat) {
      event.preventDefault();
      this.#ask();
    }
  }

  async #copy() {
    await navigator.clipboard?.writeText(location.href).then(() => this.#say('The link is copied.'), () => this.#say('The link is in the address bar.'));
  }

  #followLink() {
    if (location.hash === this.state.toHash()) return;
    this.state = State.fromHash(location.hash);
    this.#showFields();
    this.generate();
  }

  get #isWriting() {
    return this.run !== null && !this.run.isDone;
  }

  /** Finds out whom this page talks to, and has the first text written. */
  async start() {
    element('key-form').hidden = true;
    try {
      const {data: [model]} = await this.client.models();
      this.model = model;
      this.isOpen = model.weir.trace;
      element('model').textContent = model.id;
      document.title = `${model.id} · Weir`;
      element('tokens').max = model.max_model_len;
      this.#say('');
      this.generate();
    } catch (error) {
      this.#refuse(error);
      if (error.status === 503 || error.status === 0) setTimeout(() => this.start(), TRY_AGAIN);
    }
  }

  /** Reads the form and has its text written. */
  #ask() {
    if (!element('ask').reportValidity()) return;
    for (const name of FIELDS) {
      const {value} = element(name);
      this.state[name] = name === 'prompt' ? value : Number(value);
    }
    this.generate();
  }

  #showFields() {
    FIELDS.forEach(name => { element(name).value = this.state[name]; });
  }

  #turn(layer, part, strength) {
    this.state.turn(layer, part, strength);
    this.#mark('writing');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.generate(), PAUSE);
    this.changed();
  }

  /** Writes a text, and beside an edited one that without edits if it is not known. */
  generate() {
    this.#mark('writing');
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.run?.stop();
    history.replaceState(null, '', this.state.toHash());
    const {subject} = this.state;
    if (this.run?.subject !== subject) this.#forget();
    const isEdited = this.isOpen && this.state.isEdited;
    this.run = new Run(subject, this.#request());
    if (!isEdited) {
      this.#dropBefore();
      this.before = this.run;
    } else if (this.before === null || this.before.subject !== subject || this.before.isStopped || this.before.error) {
      this.#dropBefore();
      this.before = new Run(subject, this.state.request());
      this.before.follow(this.client, () => this.changed());
    }
    this.#say('');
    this.changed();
    this.#follow(this.run);
  }

  #request() {
    const request = this.state.request();
    if (this.isOpen) request.weir = {lens: {top_k: 5}, edits: this.state.sentences()};
    return request;
  }

  async #follow(run) {
    await run.follow(this.client, () => this.changed());
    if (run !== this.run) return;
    if (run.error) {
      this.#refuse(run.error);
    } else {
      this.#say(run.isStopped ? 'Stopped.' : run.finish === 'stop' ? 'The model ended here.' : `Cut after ${run.pieces.length} tokens.`);
    }
  }

  #dropBefore() {
    if (this.before !== this.run) this.before?.stop();
    this.before = null;
  }

  #forget() {
    this.story.clear();
    this.pinned = null;
    this.station = -1;
  }

  stop() {
    this.run.stop();
    this.before?.stop();
  }

  #refuse(error) {
    this.#say(error.message);
    if (error.status === 401) {
      element('key-form').hidden = false;
      element('key').focus();
    }
  }

  #say(line) {
    element('status').textContent = line;
  }

  #look(changes) {
    Object.assign(this, changes);
    this.changed();
  }

  /** Has everything drawn with the next frame. */
  changed() {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    requestAnimationFrame(() => {
      this.#isWaiting = false;
      if (this.run) this.#draw();
    });
  }

  #draw() {
    const {run, state} = this;
    if (run.layers.length > 0) this.#layers = run.layers;
    const parting = this.isEdited ? run.parting(this.before) : null;
    const index = this.isOpen ? this.#index(run, parting) : -1;
    this.story.draw(JSON.parse(run.subject)[0], run, parting, this.hovered ?? this.pinned ?? (run.isDone ? index : -1));
    this.strip.draw(run, index, this.station);
    this.lens.draw(run, index, this.station);
    this.mixer.draw(this.#layers, state);
    this.#drawBefore(parting);
    this.#drawFacts();
    if (run.isDone && this.before?.isDone && this.#timer === 0) this.#mark('done');
  }

  /** Says to those who drive the page whether what is shown is what is asked for: 'writing' at once, 'done' when it is drawn. */
  #mark(state) {
    document.documentElement.dataset.state = state;
  }

  get isEdited() {
    return this.before !== null && this.before !== this.run;
  }

  /** The token that is looked at: by default the first that differs, or the newest. */
  #index(run, parting) {
    const last = run.pieces.length - 1;
    const differs = parting === null ? -1 : run.pieces.findIndex(({end}) => end > parting);
    return Math.min(last, this.hovered ?? this.pinned ?? (differs < 0 ? last : differs));
  }

  #drawBefore(parting) {
    element('before').hidden = !this.isEdited;
    if (!this.isEdited) return;
    const {run, before} = this;
    const isSame = run.isDone && before.isDone && !run.isStopped && parting === null;
    element('before-says').textContent = isSame ? '· the same to the letter' : '';
    const end = parting ?? before.text.length;
    const begin = Math.max(0, end - LEAD);
    const line = text => text.replaceAll(/\n+/g, ' ↵ ');
    const common = (begin > 0 ? '… ' : '') + line(before.text.slice(begin, end).replace(begin > 0 ? /^\S*\s/ : /^$/, ''));
    element('before-text').replaceChildren(common, make('mark', {text: line(before.text.slice(end))}));
  }

  #drawFacts() {
    const {run} = this;
    const blocks = this.#layers.filter(layer => layer >= 0).length;
    element('facts').textContent = `${blocks ? `${blocks} layers, ` : ''}context of ${this.model.max_model_len} tokens`;
    const speed = `${run.isDone ? '' : `${run.pieces.length} tokens, `}${Math.round(run.tokensPerSecond)} a second`;
    element('count').textContent = run.pieces.length ? speed : '';
    element('go').textContent = this.#isWriting ? 'Stop' : 'Generate';
    element('go').title = this.#isWriting ? 'Esc' : 'Ctrl+Enter';
    element('closed').hidden = this.isOpen;
    element('lens-card').hidden = !this.isOpen;
  }
}

const page = new Page();
page.start();

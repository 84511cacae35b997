'use strict';

/** Colours: they stand in page.css, and plots ask here. */
const theme = {
  listeners: [],
  known: new Map(),

  /** The value of a CSS variable; asking the browser takes a while, so once for each theme. */
  colour(name) {
    if (!this.known.has(name)) {
      this.known.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
    }
    return this.known.get(name);
  },

  /** A function from 0..1 to a colour. */
  scale(name = 'scale') {
    const stops = this.colour(name).split(',').map(rgb);
    return share => {
      const at = clamp(Number.isNaN(share) ? 0 : share, 0, 1) * (stops.length - 1);
      const low = Math.min(Math.floor(at), stops.length - 2);
      return stops[low].map((value, i) => Math.round(value + (stops[low + 1][i] - value) * (at - low)));
    };
  },

  /** A function from -1..1 to a colour: warm below zero. */
  diverging() {
    const more = this.scale('scale');
    const less = this.scale('less');
    return share => share < 0 ? less(-share) : more(share);
  },

  apply() {
    const wanted = chosen('theme');
    const isDark = wanted === 'auto' ? matchMedia('(prefers-color-scheme: dark)').matches : wanted === 'dark';
    document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
    this.known.clear();
    this.listeners.forEach(listener => listener());
  },

  start() {
    onChoice('theme', () => this.apply());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.apply());
    this.apply();
  },
};

function rgb(hex) {
  const value = parseInt(hex.trim().slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function css([red, green, blue]) {
  return `rgb(${red}, ${green}, ${blue})`;
}

/** Black or white, whichever is the easier to read on a colour (WCAG's relative luminance). */
function inkOn(colour) {
  const [red, green, blue] = colour.map(value => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.2 ? '#06141c' : '#ffffff';
}

/** Fills a legend: the colours from left to right, between two words. */
function showLegend(place, scale, from, to, least = 0) {
  const stops = Array.from({length: 9}, (_, i) => css(scale(least + (1 - least) * i / 8)));
  const bar = make('i', {attributes: {'aria-hidden': 'true'}});
  bar.style.background = `linear-gradient(to right, ${stops.join(', ')})`;
  place.replaceChildren(from, bar, to);
}

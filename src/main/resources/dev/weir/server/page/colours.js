import {clamp} from './text.js';

/** Colours stand in page.css; what is painted asks here. */
const known = new Map();
const listeners = [];
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  known.clear();
  listeners.forEach(listener => listener());
});

export function onColours(listener) {
  listeners.push(listener);
}

/** The value of a CSS variable. */
export function colour(name) {
  if (!known.has(name)) known.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  return known.get(name);
}

/** The colour of a share from 0 to 1. */
export function heat(share) {
  const step = Math.round(clamp(share, 0, 1) * 64);
  const key = `heat ${step}`;
  if (!known.has(key)) known.set(key, between(colour('scale').split(',').map(rgb), step / 64));
  return known.get(key);
}

function between(stops, share) {
  const at = share * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  return `rgb(${stops[low].map((value, i) => Math.round(value + (stops[low + 1][i] - value) * (at - low))).join(',')})`;
}

function rgb(hex) {
  const value = parseInt(hex.trim().slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

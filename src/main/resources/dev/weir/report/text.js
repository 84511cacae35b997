'use strict';

/** Numbers and elements as people read them. */

function element(id) {
  return document.getElementById(id);
}

/** A new element; text is only ever text, never markup. */
function make(name, {text, className, attributes = {}} = {}, ...children) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function percent(share) {
  if (Number.isNaN(share)) return '–';
  return share > 0 && share < 0.005 ? '<1 %' : `${Math.round(share * 100)} %`;
}

/** Three or four digits that matter. */
function figure(value) {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  return value.toFixed(size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0);
}

function signed(value) {
  return Number.isFinite(value) ? (value < 0 ? '−' : '+') + figure(Math.abs(value)) : '–';
}

/** A number in at most five characters, for a small cell. */
function brief(value) {
  if (Math.abs(value) < 0.005) return '0';
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1).replace(/^(-?)0\./, '$1.').replace('-', '−');
}

function clamp(value, least, most) {
  return Math.max(least, Math.min(most, value));
}

function chosen(name) {
  return document.querySelector(`input[name="${name}"]:checked`).value;
}

function onChoice(name, listener) {
  document.querySelectorAll(`input[name="${name}"]`).forEach(input => input.addEventListener('change', listener));
}

/** Elements, and numbers and tokens as people read them. */

export function element(id) {
  return document.getElementById(id);
}

/** A new element; text is only ever text, never markup. */
export function make(name, {text, className, attributes = {}} = {}, ...children) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function percent(share) {
  if (!Number.isFinite(share)) return '–';
  return share < 0.005 ? '<1%' : `${Math.round(share * 100)}%`;
}

/** Three or four digits that matter. */
export function figure(value) {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  return value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0);
}

/** A token on its own, where its spaces matter. */
export function visible(token) {
  return token.replaceAll(' ', '␣').replaceAll('\n', '↵').replaceAll('\t', '⇥')
    .replace(/[\p{C}\p{Z}]/gu, mark => `U+${mark.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`);
}

/** A token for ears. */
export function spoken(token) {
  return token.trim() || (token.includes('\n') ? 'line break' : 'space');
}

export function layerName(layer) {
  return layer < 0 ? 'embed' : String(layer);
}

export function clamp(value, least, most) {
  return Math.max(least, Math.min(most, value));
}

/** Whether a key belongs to somebody else. */
export function isShortcut(event) {
  return event.ctrlKey || event.altKey || event.metaKey;
}

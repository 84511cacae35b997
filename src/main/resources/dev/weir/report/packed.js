'use strict';

/** Numbers with a shape, row-major: what Packed.java wrote. */
class Grid {
  constructor(values, shape) {
    this.values = values;
    this.shape = shape;
  }

  at(...index) {
    let offset = 0;
    for (let axis = 0; axis < this.shape.length; axis++) {
      offset = offset * this.shape[axis] + index[axis];
    }
    return this.values[offset];
  }
}

function unpack({array, shape, base64}) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    bytes[i] = text.charCodeAt(i);
  }
  return new Grid(new globalThis[array](bytes.buffer), shape);
}

// @ts-check
// A sheet of paper to draw on, and how drawings go to the kernel: one at a time.
import { element } from "./shared.js";

const STROKES = 100; // that can be taken back
const WAIT = 1000; // milliseconds after which a kernel that has not answered is given the next drawing

/** Grey levels of a canvas, seen on white paper, as bytes. */
export function greys(pixels) {
  const levels = new Uint8Array(pixels.length / 4);
  for (let i = 0; i < levels.length; i++) {
    const [r, g, b, a] = pixels.subarray(4 * i, 4 * i + 4);
    levels[i] = Math.round(255 - ((255 - (0.299 * r + 0.587 * g + 0.114 * b)) * a) / 255);
  }
  return levels;
}

/**
 * Deliver the newest of many values: `post(value)` is called when the value before it was `answered()`, or
 * when
 * nobody has answered for a while. `give(value)` offers one.
 */
export function oneAtATime(signal, post, wait = WAIT) {
  let next = null;
  let busy = false; // while the answer to the last value has not come
  let timer;
  signal.addEventListener("abort", () => clearTimeout(timer));

  function pump() {
    if (busy || next === null) return;
    const value = next;
    next = null;
    busy = true;
    timer = setTimeout(answered, wait);
    post(value);
  }
  function answered() {
    clearTimeout(timer);
    busy = false;
    pump();
  }
  return {
    give(value) {
      next = value;
      pump();
    },
    answered,
  };
}

/**
 * A sheet of `side` x `side` pixels. `onDrawing(levels)` hears its grey levels as a DataView, whenever
 * something was
 * drawn and the drawing before was `answered()`.
 */
export function sheet({ side, label, signal, guarded, onDrawing }) {
  const canvas = element("canvas", {
    width: side,
    height: side,
    class: "lenet-sheet",
    tabindex: 0,
    role: "img",
    "aria-label": label,
  });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const post = oneAtATime(signal, () => {
    onDrawing(new DataView(greys(pen.getImageData(0, 0, side, side).data).buffer));
  });
  /** @type {number[] | null} */
  let last = null;
  let width = side / 11; // of the pen
  /** @type {ImageData[]} */
  const before = []; // the sheet before each stroke

  function blank() {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, side, side);
    const round = { lineCap: "round", lineJoin: "round" };
    Object.assign(pen, { ...round, lineWidth: width, strokeStyle: "#111", fillStyle: "#111" });
  }
  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * side, ((event.clientY - box.top) / box.height) * side];
  }
  const press = guarded((event) => {
    canvas.setPointerCapture(event.pointerId);
    before.push(pen.getImageData(0, 0, side, side));
    if (before.length > STROKES) before.shift();
    const [x, y] = (last = at(event));
    pen.beginPath();
    pen.arc(x, y, width / 2, 0, 2 * Math.PI);
    pen.fill();
    post.give(true);
    event.preventDefault();
  });
  const move = guarded((event) => {
    if (!last) return;
    const to = at(event);
    pen.beginPath();
    pen.moveTo(last[0], last[1]);
    pen.lineTo(to[0], to[1]);
    pen.stroke();
    last = to;
    post.give(true);
  });
  canvas.addEventListener("pointerdown", press);
  canvas.addEventListener("pointermove", move);
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (last = null));
  // A finger draws; it does not scroll the page.
  canvas.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  blank();

  return {
    canvas,
    answered: post.answered,
    /** Take everything off the sheet; nobody hears of it. */
    blank,
    /** Show a drawing, side x side grey levels as a DataView; nothing if it is of another size. */
    show(drawing) {
      if (!drawing || drawing.byteLength !== side * side) return;
      const image = pen.createImageData(side, side);
      for (let i = 0; i < side * side; i++) {
        const level = drawing.getUint8(i);
        image.data.set([level, level, level, 255], 4 * i);
      }
      pen.putImageData(image, 0, 0);
    },
    /** Draw with a pen so many pixels wide from now on. */
    setPen(pixels) {
      width = pen.lineWidth = pixels;
    },
    /** Take the last stroke back. */
    undo() {
      const earlier = before.pop();
      if (!earlier) return;
      pen.putImageData(earlier, 0, 0);
      post.give(true);
    },
    /** Put a picture on the sheet, whole, in the middle; nobody hears of it. */
    place(bitmap) {
      const scale = Math.min(side / bitmap.width, side / bitmap.height);
      const [wide, high] = [bitmap.width * scale, bitmap.height * scale];
      blank();
      pen.imageSmoothingQuality = "high";
      pen.drawImage(bitmap, (side - wide) / 2, (side - high) / 2, wide, high);
    },
  };
}

/** No drawing at all, as Python takes it. */
export const noDrawing = () => new DataView(new ArrayBuffer(0));

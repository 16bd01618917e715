// @ts-check
// Convolution without Python: kernels, padding and strides that do not fit are refused, and the place stays inside.
import { translate } from "../../system/language.js";
import { bytesOf } from "./material.js";
import { Refused, Twin, list, within } from "./twin.js";

const [LARGEST_KERNEL, LARGEST_PADDING, LARGEST_STRIDE] = [9, 4, 4];

class ConvolutionTwin extends Twin {
  check(name, value) {
    if (name === "kernel") return this.checkedKernel(value);
    if (name === "padding") {
      this.checkFit(this.traits.kernel.length, within(name, value, 0, LARGEST_PADDING));
    }
    if (name === "stride") return within(name, value, 1, LARGEST_STRIDE);
    if (name === "place") {
      const [rows, columns] = this.outputShape();
      const inside = value.length === 2 && value.every((at, i) => at >= 0 && at < [rows, columns][i]);
      if (!inside) {
        throw new Refused(
          translate("place must lie in the output, {height} x {width}; got {place}.", {
            height: rows,
            width: columns,
            place: list(value),
          }),
        );
      }
    }
    return value;
  }

  checkedKernel(rows) {
    const side = rows.length;
    if (side < 1 || side > LARGEST_KERNEL || rows.some((row) => row.length !== side)) {
      const sides = list(rows.map((row) => row.length));
      throw new Refused(
        translate("kernel must be square, of 1 to {largest_kernel} rows; got {rows}.", {
          largest_kernel: LARGEST_KERNEL,
          rows: sides,
        }),
      );
    }
    if (!rows.flat().every(Number.isFinite)) {
      throw new Refused(translate("kernel must hold finite numbers only."));
    }
    this.checkFit(side, this.traits.padding);
    return rows;
  }

  checkFit(side, padding) {
    const room = Math.min(...this.traits.shape) + 2 * padding;
    if (side <= room) return;
    throw new Refused(
      translate(
        "kernel must fit into the image and its padding, {room} pixels; got {side} rows and padding {padding}.",
        { room, side, padding },
      ),
    );
  }

  outputShape() {
    const { kernel, padding, shape, stride } = this.traits;
    return shape.map((side) => Math.floor((side + 2 * padding - kernel.length) / stride) + 1);
  }

  changed(name) {
    if (!["kernel", "padding", "stride"].includes(name)) return;
    const shape = this.outputShape();
    this.set({ place: this.traits.place.map((at, i) => Math.min(at, shape[i] - 1)) });
  }
}

/** @param {any} state */
export default async function convolution({ traits, image }) {
  return new ConvolutionTwin({ ...traits, image: new DataView(bytesOf(image).buffer) });
}

// The common way in plain JavaScript: a convolution as a matrix product of patches (im2col), products in blocks.
// Modern LeNet-5 only, one image after the other; a contender of `make bench-browser`, checked against the engine there.

/** c (n x m) += a (n x k) times b (k x m), all flat; four rows of b at a time. */
function product(a, b, c, n, k, m) {
  for (let i = 0; i < n; i++) {
    const row = i * m;
    let p = 0;
    for (; p + 4 <= k; p += 4) {
      const at0 = i * k + p;
      const a0 = a[at0];
      const a1 = a[at0 + 1];
      const a2 = a[at0 + 2];
      const a3 = a[at0 + 3];
      const at = p * m;
      for (let j = 0; j < m; j++) {
        c[row + j] += a0 * b[at + j] + a1 * b[at + m + j] + a2 * b[at + 2 * m + j] + a3 * b[at + 3 * m + j];
      }
    }
    for (; p < k; p++) {
      const factor = a[i * k + p];
      for (let j = 0; j < m; j++) c[row + j] += factor * b[p * m + j];
    }
  }
}

/** c (n x m) += a (n x k) times b (m x k) transposed. */
function productTransposed(a, b, c, n, k, m) {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      let p = 0;
      const u = i * k;
      const v = j * k;
      for (; p + 4 <= k; p += 4) {
        s0 += a[u + p] * b[v + p];
        s1 += a[u + p + 1] * b[v + p + 1];
        s2 += a[u + p + 2] * b[v + p + 2];
        s3 += a[u + p + 3] * b[v + p + 3];
      }
      for (; p < k; p++) s0 += a[u + p] * b[v + p];
      c[i * m + j] += s0 + s1 + s2 + s3;
    }
  }
}

/** c (k x m) += a (n x k) transposed times b (n x m). */
function transposedProduct(a, b, c, n, k, m) {
  for (let i = 0; i < n; i++) {
    for (let p = 0; p < k; p++) {
      const factor = a[i * k + p];
      if (factor === 0) continue;
      for (let j = 0; j < m; j++) c[p * m + j] += factor * b[i * m + j];
    }
  }
}

/** A convolution of kernel 5 or a fully connected layer: what it reads, puts out, and its places among the weights. */
class Layer {
  constructor(mapsIn, sideIn, maps, kernel, weights, relu) {
    Object.assign(this, { mapsIn, sideIn, maps, kernel, weights, relu });
    this.side = sideIn - kernel + 1;
    this.taps = mapsIn * kernel * kernel;
    this.places = this.side * this.side;
    this.biases = weights + maps * this.taps;
    this.patches = new Float32Array(this.taps * this.places);
    this.x = new Float32Array(maps * this.places);
    this.d = new Float32Array(maps * this.places);
    this.dBelow = new Float32Array(mapsIn * sideIn * sideIn);
    this.dPatches = new Float32Array(this.taps * this.places);
  }

  /** Call `move(patch, below)` for each place of the patches and where it stands below. */
  eachPatch(move) {
    const { side, sideIn, kernel } = this;
    let patch = 0;
    for (let i = 0; i < this.mapsIn; i++) {
      for (let ky = 0; ky < kernel; ky++) {
        for (let kx = 0; kx < kernel; kx++) {
          for (let y = 0; y < side; y++) {
            move(patch, (i * sideIn + y + ky) * sideIn + kx);
            patch += side;
          }
        }
      }
    }
  }

  forward(below, w) {
    const { patches, side, x, places, maps } = this;
    this.eachPatch((patch, at) => {
      for (let c = 0; c < side; c++) patches[patch + c] = below[at + c];
    });
    for (let k = 0; k < maps; k++) x.fill(w[this.biases + k], k * places, (k + 1) * places);
    const own = w.subarray(this.weights, this.biases);
    if (places === 1) productTransposed(own, patches, x, maps, this.taps, 1);
    else product(own, patches, x, maps, this.taps, places);
    if (this.relu) for (let u = 0; u < x.length; u++) if (x[u] < 0) x[u] = 0;
    return x;
  }

  backward(w, g, first) {
    const { d, x, places, maps, taps, side, dBelow, dPatches } = this;
    if (this.relu) for (let u = 0; u < x.length; u++) if (!(x[u] > 0)) d[u] = 0;
    for (let k = 0; k < maps; k++) for (let p = 0; p < places; p++) g[this.biases + k] += d[k * places + p];
    productTransposed(d, this.patches, g.subarray(this.weights, this.biases), maps, places, taps);
    if (first) return;
    dPatches.fill(0);
    dBelow.fill(0);
    transposedProduct(w.subarray(this.weights, this.biases), d, dPatches, maps, taps, places);
    this.eachPatch((patch, at) => {
      for (let c = 0; c < side; c++) dBelow[at + c] += dPatches[patch + c];
    });
  }
}

class Maximum {
  constructor(maps, side) {
    Object.assign(this, { maps, side });
    this.x = new Float32Array(maps * side * side);
    this.d = new Float32Array(maps * side * side);
    this.winners = new Int32Array(maps * side * side);
    this.dBelow = new Float32Array(4 * maps * side * side);
  }

  forward(below) {
    const { side } = this;
    for (let u = 0; u < this.x.length; u++) {
      const row = Math.floor(u / side);
      const column = u % side;
      let winner = row * 4 * side + 2 * column;
      for (const other of [winner + 1, winner + 2 * side, winner + 2 * side + 1]) {
        if (below[other] > below[winner]) winner = other;
      }
      this.winners[u] = winner;
      this.x[u] = below[winner];
    }
    return this.x;
  }

  backward() {
    this.dBelow.fill(0);
    for (let u = 0; u < this.d.length; u++) this.dBelow[this.winners[u]] = this.d[u];
  }
}

/** Modern LeNet-5. `parameters`: as `network.parameters` of the engine has them. */
export class Im2col {
  constructor(parameters) {
    const at = Object.fromEntries(parameters.map(({ name, offset }) => [name.split(".")[0], offset]).reverse());
    this.layers = [
      new Layer(1, 32, 6, 5, at.C1, true),
      new Maximum(6, 14),
      new Layer(6, 14, 16, 5, at.C3, true),
      new Maximum(16, 5),
      new Layer(16, 5, 120, 5, at.C5, true),
      new Layer(120, 1, 84, 1, at.F6, true),
      new Layer(84, 1, 10, 1, at.OUTPUT, false),
    ];
    this.size = parameters.at(-1).offset + parameters.at(-1).size;
    this.weights = new Float32Array(this.size);
    this.gradient = new Float32Array(this.size);
    this.momentum = new Float32Array(this.size);
  }

  /** Adds the gradient of the mean cross-entropy; the summed loss. */
  learn(images, labels) {
    let loss = 0;
    for (let n = 0; n < labels.length; n++) {
      let x = images.subarray(n * 1024, (n + 1) * 1024);
      for (const layer of this.layers) x = layer.forward(x, this.weights);
      const highest = Math.max(...x);
      const shares = Array.from(x, (score) => Math.exp(score - highest));
      const sum = shares.reduce((a, b) => a + b);
      loss += Math.log(sum) + highest - x[labels[n]];
      const top = this.layers.at(-1);
      for (let c = 0; c < 10; c++) top.d[c] = (shares[c] / sum - (c === labels[n] ? 1 : 0)) / labels.length;
      for (let l = this.layers.length - 1; l >= 0; l--) {
        const layer = this.layers[l];
        layer.backward(this.weights, this.gradient, l === 0);
        if (l) this.layers[l - 1].d.set(layer.dBelow);
      }
    }
    return loss;
  }

  step(rate, momentum) {
    for (let p = 0; p < this.size; p++) {
      this.momentum[p] = momentum * this.momentum[p] + this.gradient[p];
      this.weights[p] -= rate * this.momentum[p];
      this.gradient[p] = 0;
    }
  }
}

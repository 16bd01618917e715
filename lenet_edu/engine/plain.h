// The plain kernels: every layer as its formula has it, one loop for each sign of summation. They fit every layer
// that a plan can have, and the fast ones are tested against them.
//
// This file is included three times, each time with another T, the kind of number that a unit holds:
//   T = f8      eight examples at once, with float weights: gradients
//   T = float   one example
//   T = d8      eight examples in double precision, for the curvature of appendix C, where FACTOR(v) is v * v: the second derivative h goes
//               back as the gradient does, but every factor on its way is squared, and f'' is left out (Gauss-Newton)
// R is the kind of number in which a parameter's gradient (or h) is summed.

// Equation 5 and section II-B: a unit of map k adds up a square of every map that it reads.
INLINE T read(const Layer *l, const T *below, int map, int y, int x) {
  y -= l->padding, x -= l->padding;
  if (y < 0 || x < 0 || y >= l->side_in || x >= l->side_in) return (T)l->border;
  return below[(map * l->side_in + y) * l->side_in + x];
}

PLAIN void plain_convolution(const Layer *l, const float *w, const T *below, T *out) {
  int taps = l->kernel * l->kernel;
  for (int k = 0; k < l->maps; k++)
    for (int y = 0; y < l->side; y++)
      for (int x = 0; x < l->side; x++) {
        int unit = (k * l->side + y) * l->side + x;
        T a = (T)w[l->biases + (l->bias_per_unit ? unit : k)];
        for (int n = l->first_link[k]; n < l->first_link[k + 1]; n++) {
          const float *kernel = w + l->weights + n * taps;
          for (int ky = 0; ky < l->kernel; ky++)
            for (int kx = 0; kx < l->kernel; kx++)
              a += (T)kernel[ky * l->kernel + kx] *
                   read(l, below, l->link_from[n], y * l->stride + ky, x * l->stride + kx);
        }
        out[unit] = a;
      }
}

PLAIN void plain_convolution_gradient(const Layer *l, const T *below, const T *d, R *g) {
  int taps = l->kernel * l->kernel, plane = l->side * l->side;
  for (int k = 0; k < l->maps; k++) {
    T sum = (T)0;
    for (int p = k * plane; p < (k + 1) * plane; p++) {
      sum += d[p];
      if (l->bias_per_unit) g[l->biases + p] += total(d[p]);
    }
    if (!l->bias_per_unit) g[l->biases + k] += total(sum);
    for (int n = l->first_link[k]; n < l->first_link[k + 1]; n++)
      for (int ky = 0; ky < l->kernel; ky++)
        for (int kx = 0; kx < l->kernel; kx++) {
          T sum = (T)0;
          for (int y = 0; y < l->side; y++)
            for (int x = 0; x < l->side; x++) {
              T input = read(l, below, l->link_from[n], y * l->stride + ky, x * l->stride + kx);
              sum += d[(k * l->side + y) * l->side + x] * FACTOR(input);
            }
          g[l->weights + n * taps + ky * l->kernel + kx] += total(sum);
        }
  }
}

PLAIN void plain_convolution_back(const Layer *l, const float *w, const T *d, T *d_below) {
  int taps = l->kernel * l->kernel;
  for (int i = 0; i < l->maps_in; i++)
    for (int y = 0; y < l->side_in; y++)
      for (int x = 0; x < l->side_in; x++) {
        T sum = (T)0;
        for (int n = l->first_back[i]; n < l->first_back[i + 1]; n++) {
          const float *kernel = w + l->weights + l->back_link[n] * taps;
          for (int ky = 0; ky < l->kernel; ky++)
            for (int kx = 0; kx < l->kernel; kx++) {
              int row = y + l->padding - ky, column = x + l->padding - kx;
              if (row < 0 || column < 0 || row % l->stride || column % l->stride) continue;
              row /= l->stride, column /= l->stride;
              if (row >= l->side || column >= l->side) continue;
              R weight = kernel[ky * l->kernel + kx];
              sum += (T)FACTOR(weight) * d[(l->back_to[n] * l->side + row) * l->side + column];
            }
        }
        d_below[(i * l->side_in + y) * l->side_in + x] = sum;
      }
}

// Section II-B, S2: the sum of a square, times a coefficient, plus a bias; or its mean; or its largest.
INLINE T square_sum(const Layer *l, const T *corner) {
  T sum = (T)0;
  for (int v = 0; v < l->size; v++)
    for (int u = 0; u < l->size; u++) sum += corner[v * l->side_in + u];
  return sum;
}

INLINE T square_largest(const Layer *l, const T *corner) {
  T largest = corner[0];
  for (int v = 0; v < l->size; v++)
    for (int u = 0; u < l->size; u++) {
      T other = corner[v * l->side_in + u];
      largest = choose(other > largest, other, largest);
    }
  return largest;
}

PLAIN void plain_subsampling(const Layer *l, const float *w, const T *below, T *out) {
  for (int k = 0; k < l->maps; k++)
    for (int y = 0; y < l->side; y++)
      for (int x = 0; x < l->side; x++) {
        const T *corner = below + corner_of(l, k, y, x);
        T a;
        if (l->pooling == MAXIMUM) a = square_largest(l, corner);
        else if (l->pooling == AVERAGE) a = square_sum(l, corner) * ((R)1 / (l->size * l->size));
        else a = square_sum(l, corner) * (T)w[l->weights + k] + (T)w[l->biases + k];
        out[(k * l->side + y) * l->side + x] = a;
      }
}

PLAIN void plain_subsampling_gradient(const Layer *l, const T *below, const T *d, R *g) {
  if (l->pooling != TRAINABLE) return;
  for (int k = 0; k < l->maps; k++) {
    T for_coefficient = (T)0, for_bias = (T)0;
    for (int y = 0; y < l->side; y++)
      for (int x = 0; x < l->side; x++) {
        T own = d[(k * l->side + y) * l->side + x], sum = square_sum(l, below + corner_of(l, k, y, x));
        for_coefficient += own * FACTOR(sum);
        for_bias += own;
      }
    g[l->weights + k] += total(for_coefficient);
    g[l->biases + k] += total(for_bias);
  }
}

PLAIN void plain_subsampling_back(const Layer *l, const float *w, const T *below, const T *d, T *d_below) {
  for (int p = 0; p < l->units_in; p++) d_below[p] = (T)0;
  for (int k = 0; k < l->maps; k++)
    for (int y = 0; y < l->side; y++)
      for (int x = 0; x < l->side; x++) {
        int corner = corner_of(l, k, y, x);
        T own = d[(k * l->side + y) * l->side + x], largest = square_largest(l, below + corner);
        R each = l->pooling == TRAINABLE ? (R)w[l->weights + k] : (R)1 / (l->size * l->size);
        for (int v = 0; v < l->size; v++)
          for (int u = 0; u < l->size; u++) {
            int place = corner + v * l->side_in + u;
            if (l->pooling == MAXIMUM) {  // the first of the largest takes it all
              d_below[place] += choose(below[place] == largest, own, (T)0);
              own = choose(below[place] == largest, (T)0, own);
            } else d_below[place] += own * (T)FACTOR(each);
          }
      }
}

// F6: every unit reads every unit below.
PLAIN void plain_linear(const Layer *l, const float *w, const T *below, T *out) {
  for (int u = 0; u < l->units; u++) {
    T a = (T)w[l->biases + u];
    for (int i = 0; i < l->units_in; i++) a += (T)w[l->weights + u * l->units_in + i] * below[i];
    out[u] = a;
  }
}

PLAIN void plain_linear_gradient(const Layer *l, const T *below, const T *d, R *g) {
  for (int u = 0; u < l->units; u++) {
    g[l->biases + u] += total(d[u]);
    for (int i = 0; i < l->units_in; i++) g[l->weights + u * l->units_in + i] += total(d[u] * FACTOR(below[i]));
  }
}

PLAIN void plain_linear_back(const Layer *l, const float *w, const T *d, T *d_below) {
  for (int i = 0; i < l->units_in; i++) {
    T sum = (T)0;
    for (int u = 0; u < l->units; u++) {
      R weight = w[l->weights + u * l->units_in + i];
      sum += (T)FACTOR(weight) * d[u];
    }
    d_below[i] = sum;
  }
}

// Equation 7: squared distances to the codes.
PLAIN void plain_rbf(const Layer *l, const T *below, T *out) {
  for (int u = 0; u < l->units; u++) {
    T sum = (T)0;
    for (int i = 0; i < l->units_in; i++) {
      T apart = below[i] - (T)l->codes[u * l->units_in + i];
      sum += apart * apart;
    }
    out[u] = sum;
  }
}

PLAIN void plain_rbf_back(const Layer *l, const T *below, const T *d, T *d_below) {
  for (int i = 0; i < l->units_in; i++) {
    T sum = (T)0;
    for (int u = 0; u < l->units; u++) sum += d[u] * (T)2 * (below[i] - (T)l->codes[u * l->units_in + i]);
    d_below[i] = sum;
  }
}

// ---- any layer: the kernels above put out a, which is squashed here ----

PLAIN void plain_forward(const Layer *l, const float *w, const T *below, T *out) {
  if (l->kind == CONVOLUTION) plain_convolution(l, w, below, out);
  else if (l->kind == SUBSAMPLING) plain_subsampling(l, w, below, out);
  else if (l->kind == LINEAR) plain_linear(l, w, below, out);
  else plain_rbf(l, below, out);
  for (int u = 0; u < l->units; u++) out[u] = squash(l->squash, out[u]);
}

// From the derivative by x = f(a) to the one by a.
PLAIN void plain_slopes(const Layer *l, const T *x, T *d) {
  for (int p = 0; p < l->units; p++) {
    T steep = slope(l->squash, x[p]);
    d[p] *= FACTOR(steep);
  }
}

PLAIN void plain_gradient(const Layer *l, const T *below, const T *d, R *g) {
  if (l->kind == CONVOLUTION) plain_convolution_gradient(l, below, d, g);
  else if (l->kind == SUBSAMPLING) plain_subsampling_gradient(l, below, d, g);
  else if (l->kind == LINEAR) plain_linear_gradient(l, below, d, g);
}

PLAIN void plain_back(const Layer *l, const float *w, const T *below, const T *d, T *d_below) {
  if (l->kind == CONVOLUTION) plain_convolution_back(l, w, d, d_below);
  else if (l->kind == SUBSAMPLING) plain_subsampling_back(l, w, below, d, d_below);
  else if (l->kind == LINEAR) plain_linear_back(l, w, d, d_below);
  else plain_rbf_back(l, below, d, d_below);
}

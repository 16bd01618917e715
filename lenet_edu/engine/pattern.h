// The fast kernels for one pattern, for the training of 1998: forward, back, and at once the step of every parameter,
// each by a rate of its own. Here the four numbers of a register are neighbours: four places of a row, or four units.
//
// A unit's a is summed in the same order as in plain.h and blocks.h, so an image alone and in a batch come to the same bits.
//
// Rows are rarely a multiple of four. What is computed beyond a row's end is not stored; every array has SLACK floats
// behind it, so that it can be read.

#define SLACK 64

INLINE f4 load(const float *from) {
  f4 a;
  __builtin_memcpy(&a, from, sizeof a);
  return a;
}
INLINE void store(float *to, f4 a) { __builtin_memcpy(to, &a, sizeof a); }

// The first `count` of four.
INLINE void store_first(float *to, f4 a, int count) {
  if (count >= 4) store(to, a);
  else
    for (int i = 0; i < count; i++) to[i] = a[i];
}

static float *wide_d;  // deltas of a convolution, each row with zeros on both sides

#define MARGIN (SIDE_OF_KERNEL - 1)

static int has_pattern_convolution(const Layer *l) { return has_fast_convolution(l) && l->side % 2 == 0; }
static int has_pattern_connections(const Layer *l) { return l->units_in % 4 == 0; }

// ---- convolution ----

// Two rows of map k from (y, x) on, 4 VECTORS places to the right.
INLINE void convolve_rows(const Layer *l, const float *w, const float *below, float *out, int k, int y, int x,
                          const int VECTORS) {
  f4 a[2][4];
  UNROLL for (int v = 0; v < VECTORS; v++) a[0][v] = a[1][v] = (f4)w[l->biases + k];
  for (int n = l->first_link[k]; n < l->first_link[k + 1]; n++) {
    const float *row = below + (l->link_from[n] * l->side_in + y) * l->side_in + x, *tap = w + l->weights + n * TAPS;
    ROLL for (int ky = 0; ky < SIDE_OF_KERNEL; ky++, row += l->side_in, tap += SIDE_OF_KERNEL)
      UNROLL for (int kx = 0; kx < SIDE_OF_KERNEL; kx++)
        UNROLL for (int v = 0; v < VECTORS; v++) {
          a[0][v] += tap[kx] * load(row + kx + 4 * v);
          a[1][v] += tap[kx] * load(row + l->side_in + kx + 4 * v);
        }
  }
  for (int r = 0; r < 2; r++)
    UNROLL for (int v = 0; v < VECTORS; v++)
      store_first(out + (k * l->side + y + r) * l->side + x + 4 * v, a[r][v], l->side - x - 4 * v);
}

static void convolve_pattern(const Layer *l, const float *w, const float *below, float *out) {
  for (int k = 0; k < l->maps; k++)
    for (int y = 0; y < l->side; y += 2)
      for (int x = 0; x < l->side; x += 16) {
        int left = l->side - x;
        if (left > 12) convolve_rows(l, w, below, out, k, y, x, 4);
        else if (left > 8) convolve_rows(l, w, below, out, k, y, x, 3);
        else if (left > 4) convolve_rows(l, w, below, out, k, y, x, 2);
        else convolve_rows(l, w, below, out, k, y, x, 1);
      }
}

static void widen(const Layer *l, const float *d) {
  int wide = l->side + 2 * MARGIN;
  for (int row = 0; row < l->maps * l->side; row++) {
    float *to = wide_d + row * wide;
    for (int x = 0; x < MARGIN; x++) to[x] = to[MARGIN + l->side + x] = 0;
    for (int x = 0; x < l->side; x++) to[MARGIN + x] = d[row * l->side + x];
  }
}

// One row of map i below from (y, x) on, 4 VECTORS places to the right, out of wide_d.
INLINE void back_row(const Layer *l, const float *w, float *d_below, int i, int y, int x, const int VECTORS) {
  int low = y < l->side ? 0 : y - l->side + 1, high = y < SIDE_OF_KERNEL ? y : SIDE_OF_KERNEL - 1;
  int wide = l->side + 2 * MARGIN;
  f4 sum[4];
  UNROLL for (int v = 0; v < VECTORS; v++) sum[v] = (f4)0;
  for (int n = l->first_back[i]; n < l->first_back[i + 1]; n++)
    ROLL for (int ky = low; ky <= high; ky++) {
      const float *row = wide_d + (l->back_to[n] * l->side + y - ky) * wide + MARGIN + x;
      const float *tap = w + l->weights + l->back_link[n] * TAPS + ky * SIDE_OF_KERNEL;
      UNROLL for (int kx = 0; kx < SIDE_OF_KERNEL; kx++)
        UNROLL for (int v = 0; v < VECTORS; v++) sum[v] += tap[kx] * load(row - kx + 4 * v);
    }
  UNROLL for (int v = 0; v < VECTORS; v++)
    store_first(d_below + (i * l->side_in + y) * l->side_in + x + 4 * v, sum[v], l->side_in - x - 4 * v);
}

static void convolution_pattern_back(const Layer *l, const float *w, float *d_below) {
  for (int i = 0; i < l->maps_in; i++)
    for (int y = 0; y < l->side_in; y++)
      for (int x = 0; x < l->side_in; x += 16) {
        if (l->side_in - x > 8) back_row(l, w, d_below, i, y, x, 4);
        else back_row(l, w, d_below, i, y, x, 2);
      }
}

// The step of one row of taps of MAPS maps that read the same map below.
INLINE void move_taps(const Layer *l, float *const w[], const float *const rate[], const float *below, const int map[],
                      int ky, const int MAPS) {
  f4 sum[2][SIDE_OF_KERNEL] = {0};
  int wide = l->side + 2 * MARGIN;
  for (int y = 0; y < l->side; y++) {
    const float *row = below + (y + ky) * l->side_in, *own[2];
    UNROLL for (int m = 0; m < MAPS; m++) own[m] = wide_d + (map[m] * l->side + y) * wide + MARGIN;
    ROLL for (int x = 0; x < l->side; x += 4)
      UNROLL for (int kx = 0; kx < SIDE_OF_KERNEL; kx++)
        UNROLL for (int m = 0; m < MAPS; m++) sum[m][kx] += load(own[m] + x) * load(row + x + kx);
  }
  UNROLL for (int m = 0; m < MAPS; m++) {
    float *tap = w[m] + ky * SIDE_OF_KERNEL;
    const float *by = rate[m] + ky * SIDE_OF_KERNEL;
    store(tap, load(tap) - load(by) * totals(sum[m][0], sum[m][1], sum[m][2], sum[m][3]));
    tap[4] -= by[4] * total(sum[m][4]);
  }
}

static void move_convolution(const Layer *l, float *w, const float *rates, const float *below) {
  int plane = l->side * (l->side + 2 * MARGIN);
  for (int k = 0; k < l->maps; k++) {
    f4 sum = (f4)0;
    for (int p = k * plane; p < (k + 1) * plane; p += 4) sum += load(wide_d + p);
    w[l->biases + k] -= rates[l->biases + k] * total(sum);
  }
  for (int i = 0; i < l->maps_in; i++)
    for (int n = l->first_back[i]; n < l->first_back[i + 1]; n += 2) {
      int two = n + 1 < l->first_back[i + 1], other = n + two, map[] = {l->back_to[n], l->back_to[other]};
      int place[] = {l->weights + l->back_link[n] * TAPS, l->weights + l->back_link[other] * TAPS};
      float *own[] = {w + place[0], w + place[1]};
      const float *by[] = {rates + place[0], rates + place[1]}, *from = below + i * l->side_in * l->side_in;
      for (int ky = 0; ky < SIDE_OF_KERNEL; ky++) {
        if (two) move_taps(l, own, by, from, map, ky, 2);
        else move_taps(l, own, by, from, map, ky, 1);
      }
    }
}

// ---- subsampling of two by two, where nothing but the sum of a square is needed ----

static int has_pattern_subsampling(const Layer *l) { return has_fast_subsampling(l) && l->pooling == TRAINABLE; }

INLINE f4 square_sums(const float *upper, int row) {
  f4 u = load(upper), v = load(upper + 4), s = load(upper + row), t = load(upper + row + 4);
  return (__builtin_shufflevector(u, v, 0, 2, 4, 6) + __builtin_shufflevector(u, v, 1, 3, 5, 7)) +
         (__builtin_shufflevector(s, t, 0, 2, 4, 6) + __builtin_shufflevector(s, t, 1, 3, 5, 7));
}

static void subsample_pattern(const Layer *l, const float *w, const float *below, float *out) {
  for (int k = 0; k < l->maps; k++)
    for (int y = 0; y < l->side; y++, out += l->side) {
      const float *upper = below + corner_of(l, k, y, 0);
      for (int x = 0; x < l->side; x += 4)
        store_first(out + x, square_sums(upper + 2 * x, l->side_in) * w[l->weights + k] + w[l->biases + k], l->side - x);
    }
}

static void subsampling_pattern_back(const Layer *l, const float *w, const float *d, float *d_below) {
  if (l->side_in % 2 || l->copies > 1) for (int p = 0; p < l->units_in; p++) d_below[p] = 0;
  for (int k = 0; k < l->maps; k++)
    for (int y = 0; y < l->side; y++)
      for (int x = 0; x < l->side; x++, d++) {
        float *upper = d_below + corner_of(l, k, y, x), *lower = upper + l->side_in, each = *d * w[l->weights + k];
        if (l->copies > 1) upper[0] += each, upper[1] += each, lower[0] += each, lower[1] += each;
        else upper[0] = upper[1] = lower[0] = lower[1] = each;
      }
}

static void move_subsampling(const Layer *l, float *w, const float *rates, const float *below, const float *d) {
  for (int k = 0; k < l->maps; k++) {
    f4 for_coefficient = (f4)0, for_bias = (f4)0;
    for (int y = 0; y < l->side; y++, d += l->side) {
      const float *upper = below + corner_of(l, k, y, 0);
      for (int x = 0; x < l->side; x += 4) {
        f4 own = (f4)0;
        if (l->side - x >= 4) own = load(d + x);
        else for (int i = 0; i < l->side - x; i++) own[i] = d[x + i];
        for_coefficient += own * square_sums(upper + 2 * x, l->side_in);
        for_bias += own;
      }
    }
    w[l->weights + k] -= rates[l->weights + k] * total(for_coefficient);
    w[l->biases + k] -= rates[l->biases + k] * total(for_bias);
  }
}

// ---- fully connected ----

// 4 GROUPS units from u on. Four inputs of four units make a square of weights, which is turned so that the four
// units stand side by side.
INLINE void connect_rows(const Layer *l, const float *w, const float *below, float *out, int u, const int GROUPS) {
  f4 a[4];
  const float *own = w + l->weights + u * l->units_in;
  UNROLL for (int g = 0; g < GROUPS; g++) a[g] = load(w + l->biases + u + 4 * g);
  ROLL for (int i = 0; i < l->units_in; i += 4)
    UNROLL for (int g = 0; g < GROUPS; g++) {
      const float *row = own + 4 * g * l->units_in + i;
      f4 r = load(row), s = load(row + l->units_in), t = load(row + 2 * l->units_in), v = load(row + 3 * l->units_in);
      f4 rs = __builtin_shufflevector(r, s, 0, 4, 1, 5), tv = __builtin_shufflevector(t, v, 0, 4, 1, 5);
      a[g] += __builtin_shufflevector(rs, tv, 0, 1, 4, 5) * below[i];
      a[g] += __builtin_shufflevector(rs, tv, 2, 3, 6, 7) * below[i + 1];
      rs = __builtin_shufflevector(r, s, 2, 6, 3, 7), tv = __builtin_shufflevector(t, v, 2, 6, 3, 7);
      a[g] += __builtin_shufflevector(rs, tv, 0, 1, 4, 5) * below[i + 2];
      a[g] += __builtin_shufflevector(rs, tv, 2, 3, 6, 7) * below[i + 3];
    }
  UNROLL for (int g = 0; g < GROUPS; g++) store(out + u + 4 * g, a[g]);
}

static void connect_pattern(const Layer *l, const float *w, const float *below, float *out) {
  int u = 0;
  for (; u + 16 <= l->units; u += 16) connect_rows(l, w, below, out, u, 4);
  for (; u + 4 <= l->units; u += 4) connect_rows(l, w, below, out, u, 1);
  for (; u < l->units; u++) {
    float a = w[l->biases + u];
    for (int i = 0; i < l->units_in; i++) a += w[l->weights + u * l->units_in + i] * below[i];
    out[u] = a;
  }
}

// Back and step in one sweep, since it takes longer to fetch the weights than to compute: UNITS units from u on.
INLINE void move_units(const Layer *l, float *w, const float *rates, const float *below, const float *d, float *d_below,
                       int u, const int UNITS) {
  float *own = w + l->weights + u * l->units_in;
  const float *by = rates + l->weights + u * l->units_in;
  ROLL for (int i = 0; i < l->units_in; i += 4) {
    f4 inputs = load(below + i), sum = load(d_below + i);
    UNROLL for (int k = 0; k < UNITS; k++) {
      f4 weight = load(own + k * l->units_in + i);
      sum += d[u + k] * weight;
      store(own + k * l->units_in + i, weight - load(by + k * l->units_in + i) * (d[u + k] * inputs));
    }
    store(d_below + i, sum);
  }
  UNROLL for (int k = 0; k < UNITS; k++) w[l->biases + u + k] -= rates[l->biases + u + k] * d[u + k];
}

static void move_connections(const Layer *l, float *w, const float *rates, const float *below, const float *d, float *d_below) {
  for (int i = 0; i < l->units_in; i++) d_below[i] = 0;
  int u = 0;
  for (; u + 4 <= l->units; u += 4) move_units(l, w, rates, below, d, d_below, u, 4);
  for (; u < l->units; u++) move_units(l, w, rates, below, d, d_below, u, 1);
}

// The fast kernels for blocks of eight examples. They compute what plain.h does, for the layers that cost time.
//
// What makes them fast is how often a number is used once it is in a register. Of the sixteen registers, ten or twelve
// hold sums, to which the innermost loop adds without ever putting them down:
//
//   convolve, back_places   up to six neighbouring places of one map: a weight is loaded once for all of them
//   correlate               five taps of two maps that read the same map below: so is what a tap reads
//   connect, back_units     six units: so is what they read
//
// The numbers of places, maps and units are constants where these functions are called, so the compiler makes each
// size apart and keeps the sums in registers. (One loop unrolled too far, and they no longer fit: `make bench-browser`
// times every kernel.) Loops over links come from the table, so links that are missing cost nothing.

#define SIDE_OF_KERNEL 5  // all kernels of the family
#define TAPS (SIDE_OF_KERNEL * SIDE_OF_KERNEL)
#define MOST 6  // sums of eight at a time: twelve of the sixteen registers
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLL _Pragma("clang loop unroll(disable)")

typedef float f4 __attribute__((ext_vector_type(4)));  // half an f8: where examples are added up, halves need not be apart

INLINE float total(f4 a) { return (a[0] + a[1]) + (a[2] + a[3]); }

static int has_fast_convolution(const Layer *l) {
  return l->kernel == SIDE_OF_KERNEL && l->stride == 1 && !l->padding && !l->bias_per_unit &&
         l->side_in >= 2 * SIDE_OF_KERNEL;
}

// From a to x = f(a).
static void squash_all(int kind, f8 *x, int count) {
  if (kind == SCALED_TANH) for (int u = 0; u < count; u++) x[u] = scaled_tanh(x[u]);
  else if (kind != NOT_SQUASHED) for (int u = 0; u < count; u++) x[u] = squash(kind, x[u]);
}

// From the derivative by x = f(a) to the one by a.
static void times_slopes(int kind, const f8 *x, f8 *d, int count) {
  if (kind != NOT_SQUASHED) for (int u = 0; u < count; u++) d[u] *= slope(kind, x[u]);
}

// ---- convolution, forward ----

// PLACES places of map k, from (y, x) to the right.
INLINE void convolve_places(const Layer *l, const float *w, const f8 *below, f8 *out, int k, int y, int x,
                            const int PLACES) {
  f8 a[MOST];
  UNROLL for (int p = 0; p < PLACES; p++) a[p] = (f8)w[l->biases + k];
  for (int n = l->first_link[k]; n < l->first_link[k + 1]; n++) {
    const f8 *row = below + (l->link_from[n] * l->side_in + y) * l->side_in + x;
    const float *tap = w + l->weights + n * TAPS;
    ROLL for (int ky = 0; ky < SIDE_OF_KERNEL; ky++, row += l->side_in, tap += SIDE_OF_KERNEL)
      UNROLL for (int kx = 0; kx < SIDE_OF_KERNEL; kx++)
        UNROLL for (int p = 0; p < PLACES; p++) a[p] += tap[kx] * row[p + kx];
  }
  UNROLL for (int p = 0; p < PLACES; p++) out[(k * l->side + y) * l->side + x + p] = a[p];
}

static void convolve(const Layer *l, const float *w, const f8 *below, f8 *out) {
  for (int k = 0; k < l->maps; k++)
    for (int y = 0; y < l->side; y++) {
      int x = 0;
      for (; x + 6 <= l->side; x += 6) convolve_places(l, w, below, out, k, y, x, 6);
      for (; x + 4 <= l->side; x += 4) convolve_places(l, w, below, out, k, y, x, 4);
      for (; x + 2 <= l->side; x += 2) convolve_places(l, w, below, out, k, y, x, 2);
      for (; x < l->side; x++) convolve_places(l, w, below, out, k, y, x, 1);
    }
}

// ---- convolution, gradient of the kernels ----

// One row of taps of MAPS maps that read the same map below: the sum over all places of d times what the tap reads.
INLINE void correlate(const Layer *l, const f8 *below, const f8 *const d[], float *const g[], int ky, const int MAPS) {
  f4 sum[MOST][SIDE_OF_KERNEL] = {0};
  for (int y = 0; y < l->side; y++) {
    const f4 *row = (const f4 *)(below + (y + ky) * l->side_in);
    const f4 *own[MOST];
    UNROLL for (int m = 0; m < MAPS; m++) own[m] = (const f4 *)(d[m] + y * l->side);
    ROLL for (int x = 0; x < 2 * l->side; x += 2)
      UNROLL for (int half = 0; half < 2; half++)
        UNROLL for (int kx = 0; kx < SIDE_OF_KERNEL; kx++)
          UNROLL for (int m = 0; m < MAPS; m++) sum[m][kx] += own[m][x + half] * row[x + 2 * kx + half];
  }
  UNROLL for (int m = 0; m < MAPS; m++)
    UNROLL for (int kx = 0; kx < SIDE_OF_KERNEL; kx++) g[m][ky * SIDE_OF_KERNEL + kx] += total(sum[m][kx]);
}

static void convolution_gradient(const Layer *l, const f8 *below, const f8 *d, float *g) {
  int plane = l->side * l->side, plane_in = l->side_in * l->side_in;
  for (int k = 0; k < l->maps; k++) {
    f8 sum = (f8)0;
    for (int p = 0; p < plane; p++) sum += d[k * plane + p];
    g[l->biases + k] += total(sum);
  }
  for (int i = 0; i < l->maps_in; i++)
    for (int n = l->first_back[i]; n < l->first_back[i + 1]; n += 2) {
      int two = n + 1 < l->first_back[i + 1], other = n + two;
      const f8 *own[] = {d + l->back_to[n] * plane, d + l->back_to[other] * plane};
      float *to[] = {g + l->weights + l->back_link[n] * TAPS, g + l->weights + l->back_link[other] * TAPS};
      for (int ky = 0; ky < SIDE_OF_KERNEL; ky++) {
        if (two) correlate(l, below + i * plane_in, own, to, ky, 2);
        else correlate(l, below + i * plane_in, own, to, ky, 1);
      }
    }
}

// ---- convolution, back to the layer below ----

// PLACES places of map i below, from (y, x) to the right. edge: LEFT where x = 0, RIGHT where they end at the right
// edge: there the outer taps have no unit above that they belong to.
enum { LEFT, MIDDLE, RIGHT };
INLINE void back_places(const Layer *l, const float *w, const f8 *d, f8 *d_below, int i, int y, int x, const int PLACES,
                        const int EDGE) {
  int low = y < l->side ? 0 : y - l->side + 1, high = y < SIDE_OF_KERNEL ? y : SIDE_OF_KERNEL - 1;
  f8 sum[MOST];
  UNROLL for (int p = 0; p < PLACES; p++) sum[p] = (f8)0;
  for (int n = l->first_back[i]; n < l->first_back[i + 1]; n++)
    ROLL for (int ky = low; ky <= high; ky++) {
      const f8 *row = d + (l->back_to[n] * l->side + y - ky) * l->side + x;
      const float *tap = w + l->weights + l->back_link[n] * TAPS + ky * SIDE_OF_KERNEL;
      UNROLL for (int kx = 0; kx < SIDE_OF_KERNEL; kx++)
        UNROLL for (int p = 0; p < PLACES; p++)
          if ((EDGE != LEFT || p >= kx) && (EDGE != RIGHT || p - kx <= PLACES - SIDE_OF_KERNEL)) sum[p] += tap[kx] * row[p - kx];
    }
  UNROLL for (int p = 0; p < PLACES; p++) d_below[(i * l->side_in + y) * l->side_in + x + p] = sum[p];
}

static void convolution_back(const Layer *l, const float *w, const f8 *d, f8 *d_below) {
  for (int i = 0; i < l->maps_in; i++)
    for (int y = 0; y < l->side_in; y++) {
      int x = SIDE_OF_KERNEL, end = l->side_in - SIDE_OF_KERNEL;
      back_places(l, w, d, d_below, i, y, 0, SIDE_OF_KERNEL, LEFT);
      for (; x + 4 <= end; x += 4) back_places(l, w, d, d_below, i, y, x, 4, MIDDLE);
      for (; x + 2 <= end; x += 2) back_places(l, w, d, d_below, i, y, x, 2, MIDDLE);
      for (; x < end; x++) back_places(l, w, d, d_below, i, y, x, 1, MIDDLE);
      back_places(l, w, d, d_below, i, y, end, SIDE_OF_KERNEL, RIGHT);
    }
}

// ---- fully connected ----

INLINE void connect_units(const Layer *l, const float *w, const f8 *below, f8 *out, int u, const int UNITS) {
  f8 a[MOST];
  const float *own = w + l->weights + u * l->units_in;
  UNROLL for (int k = 0; k < UNITS; k++) a[k] = (f8)w[l->biases + u + k];
  ROLL for (int i = 0; i < l->units_in; i++) UNROLL for (int k = 0; k < UNITS; k++) a[k] += own[k * l->units_in + i] * below[i];
  UNROLL for (int k = 0; k < UNITS; k++) out[u + k] = a[k];
}

static void connect(const Layer *l, const float *w, const f8 *below, f8 *out) {
  int u = 0;
  for (; u + 6 <= l->units; u += 6) connect_units(l, w, below, out, u, 6);
  for (; u + 4 <= l->units; u += 4) connect_units(l, w, below, out, u, 4);
  for (; u < l->units; u++) connect_units(l, w, below, out, u, 1);
}

INLINE void back_units(const Layer *l, const float *w, const f8 *d, f8 *d_below, int i, const int UNITS) {
  f8 sum[MOST];
  const float *own = w + l->weights + i;
  UNROLL for (int k = 0; k < UNITS; k++) sum[k] = (f8)0;
  ROLL for (int u = 0; u < l->units; u++, own += l->units_in) UNROLL for (int k = 0; k < UNITS; k++) sum[k] += own[k] * d[u];
  UNROLL for (int k = 0; k < UNITS; k++) d_below[i + k] = sum[k];
}

static void connections_back(const Layer *l, const float *w, const f8 *d, f8 *d_below) {
  int i = 0;
  for (; i + 6 <= l->units_in; i += 6) back_units(l, w, d, d_below, i, 6);
  for (; i + 4 <= l->units_in; i += 4) back_units(l, w, d, d_below, i, 4);
  for (; i < l->units_in; i++) back_units(l, w, d, d_below, i, 1);
}

// The sums of four, side by side.
INLINE f4 totals(f4 a, f4 b, f4 c, f4 d) {
  f4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
  f4 cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);
  return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

// The gradient of UNITS units' weights to four inputs, over `blocks` blocks.
INLINE void correlate_units(const Layer *l, const f8 *below, const f8 *d, int blocks, float *g, int u, int i,
                            const int UNITS) {
  f4 sum[MOST][4] = {0};
  ROLL for (int b = 0; b < blocks; b++) {
    const f4 *inputs = (const f4 *)(below + b * l->units_in + i), *own = (const f4 *)(d + b * l->units + u);
    UNROLL for (int half = 0; half < 2; half++)
      UNROLL for (int j = 0; j < 4; j++)
        UNROLL for (int k = 0; k < UNITS; k++) sum[k][j] += own[2 * k + half] * inputs[2 * j + half];
  }
  UNROLL for (int k = 0; k < UNITS; k++) {
    f4 sums = totals(sum[k][0], sum[k][1], sum[k][2], sum[k][3]);
    float *to = g + l->weights + (u + k) * l->units_in + i;
    UNROLL for (int j = 0; j < 4; j++) to[j] += sums[j];
  }
}

static void connections_gradient(const Layer *l, const f8 *below, const f8 *d, int blocks, float *g) {
  int whole = l->units_in / 4 * 4;
  for (int u = 0; u < l->units;) {
    int units = u + 3 <= l->units ? 3 : 1;
    for (int i = 0; i < whole; i += 4) {
      if (units == 3) correlate_units(l, below, d, blocks, g, u, i, 3);
      else correlate_units(l, below, d, blocks, g, u, i, 1);
    }
    for (int k = u; k < u + units; k++)
      for (int b = 0; b < blocks; b++) {
        g[l->biases + k] += total(d[b * l->units + k]);
        for (int i = whole; i < l->units_in; i++)
          g[l->weights + k * l->units_in + i] += total(d[b * l->units + k] * below[b * l->units_in + i]);
      }
    u += units;
  }
}

// ---- subsampling, where a unit reads a square of two by two ----

static int has_fast_subsampling(const Layer *l) { return l->size == 2; }

INLINE void subsample_as(const Layer *l, const float *w, const f8 *below, f8 *out, const int POOLING) {
  for (int k = 0; k < l->maps; k++) {
    f8 coefficient = (f8)(POOLING == TRAINABLE ? w[l->weights + k] : 0.25f);
    f8 bias = (f8)(POOLING == TRAINABLE ? w[l->biases + k] : 0);
    for (int y = 0; y < l->side; y++) {
      const f8 *upper = below + corner_of(l, k, y, 0), *lower = upper + l->side_in;
      for (int x = 0; x < l->side; x++, upper += 2, lower += 2) {
        f8 a;
        if (POOLING == MAXIMUM) a = largest(largest(upper[0], upper[1]), largest(lower[0], lower[1]));
        else a = ((upper[0] + upper[1]) + (lower[0] + lower[1])) * coefficient + bias;
        *out++ = a;
      }
    }
  }
}

static void subsample(const Layer *l, const float *w, const f8 *below, f8 *out) {
  if (l->pooling == TRAINABLE) subsample_as(l, w, below, out, TRAINABLE);
  else if (l->pooling == AVERAGE) subsample_as(l, w, below, out, AVERAGE);
  else subsample_as(l, w, below, out, MAXIMUM);
}

static void subsampling_gradient(const Layer *l, const f8 *below, const f8 *d, float *g) {
  if (l->pooling != TRAINABLE) return;
  for (int k = 0; k < l->maps; k++) {
    f8 for_coefficient = (f8)0, for_bias = (f8)0;
    for (int y = 0; y < l->side; y++) {
      const f8 *upper = below + corner_of(l, k, y, 0), *lower = upper + l->side_in;
      for (int x = 0; x < l->side; x++, upper += 2, lower += 2, d++) {
        for_coefficient += *d * ((upper[0] + upper[1]) + (lower[0] + lower[1]));
        for_bias += *d;
      }
    }
    g[l->weights + k] += total(for_coefficient);
    g[l->biases + k] += total(for_bias);
  }
}

// The first of the largest takes it all: what is left for the others is 0.
INLINE void take(f8 x, f8 largest, f8 *left, f8 *d_below) {
  i8 mine = x == largest;
  *d_below = choose(mine, *left, (f8)0);
  *left = choose(mine, (f8)0, *left);
}

static void subsampling_back(const Layer *l, const float *w, const f8 *below, const f8 *d, f8 *d_below) {
  if (l->side_in % 2 || l->copies > 1) for (int p = 0; p < l->units_in; p++) d_below[p] = (f8)0;
  for (int k = 0; k < l->maps; k++) {
    f8 coefficient = (f8)(l->pooling == TRAINABLE ? w[l->weights + k] : 0.25f);
    for (int y = 0; y < l->side; y++) {
      int corner = corner_of(l, k, y, 0);
      f8 *upper = d_below + corner, *lower = upper + l->side_in;
      const f8 *x_upper = below + corner, *x_lower = x_upper + l->side_in;
      for (int x = 0; x < 2 * l->side; x += 2, d++) {
        if (l->pooling == MAXIMUM) {
          f8 most = largest(largest(x_upper[x], x_upper[x + 1]), largest(x_lower[x], x_lower[x + 1])), left = *d;
          take(x_upper[x], most, &left, &upper[x]);
          take(x_upper[x + 1], most, &left, &upper[x + 1]);
          take(x_lower[x], most, &left, &lower[x]);
          take(x_lower[x + 1], most, &left, &lower[x + 1]);
        } else {
          f8 each = *d * coefficient;
          if (l->copies > 1) upper[x] += each, upper[x + 1] += each, lower[x] += each, lower[x + 1] += each;
          else upper[x] = upper[x + 1] = lower[x] = lower[x + 1] = each;
        }
      }
    }
  }
}

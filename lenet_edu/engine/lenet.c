// The networks of this suite in WebAssembly: forward, backward, one step. engine.js is the door to it.
//
//   numbers.h   kinds of number, the squashes, exp and log
//   network.h   the network: its layers, made from a plan, and their memory
//   plain.h     kernels that follow the formulas and fit every layer
//   blocks.h    fast ones for eight examples at once
//   pattern.h   fast ones for one example, for training with one update a pattern
//
// Names are the paper's: x = f(a) is what a unit puts out, a its weighted sum (equation 5), w the parameters, E the
// loss; d is the derivative of E by a unit's x, and once multiplied by the slope f'(a), by its a.
//
// How eight examples lie side by side. A SIMD register holds four floats, so eight of the same unit fill two:
//
//             example  0   1   2   3   4   5   6   7
//   unit 0            [x   x   x   x] [x   x   x   x]     <- one f8
//   unit 1            [x   x   x   x] [x   x   x   x]
//   unit 2            [x   x   x   x] [x   x   x   x]        units: map after map, row after row
//   ...
//
// A tap is then one weight, copied to all places, times one f8. Every example is summed in the order in which
// a single one would be, and no two of them ever meet but where a gradient adds up the eight.

#include "numbers.h"
#include "network.h"

#define T f8
#define R float
#define FACTOR(v) (v)
#include "plain.h"
#undef T
#define T float
#include "plain.h"
#undef T
#undef R
#undef FACTOR
#define T d8
#define R double
#define FACTOR(v) ((v) * (v))
#include "plain.h"
#undef T
#undef R
#undef FACTOR

#include "blocks.h"
#include "pattern.h"

// ---- the state of a network ----

#define LANES 8               // examples side by side
#define GROUP 4               // blocks of eight that go up and down together: their weights are read once
#define ROOM (LANES * GROUP)  // so many images are taken in at once

static float *weights, *gradient, *momentum, *rates;  // (parameter_count,) each
static double *curvature;
static float *images;  // (ROOM, pixels)
static int *labels;    // (ROOM,)
static f8 *x_of[MOST_LAYERS + 1], *d_of[MOST_LAYERS + 1];  // of the layer's inputs: x_of[0] is the image; GROUP blocks
static float *pattern_x[MOST_LAYERS + 1], *pattern_d[MOST_LAYERS + 1];  // the same for one pattern
static d8 *fine_x[MOST_LAYERS + 1], *fine_h[MOST_LAYERS + 1];            // the same for the curvature
static int first_connected;  // from this layer on all are fully connected
static float *unpacked;  // (ROOM, units of the largest layer)

EXPORT(finish) void finish(void) {
  size_t parameters = (parameter_count + LANES) * sizeof(float);
  weights = allocate(parameters), gradient = allocate(parameters);
  momentum = allocate(parameters), rates = allocate(parameters);
  images = allocate(ROOM * pixels * sizeof(float)), labels = allocate(ROOM * sizeof(int));
  int largest = pixels;
  for (int l = 0; l <= layer_count; l++) {
    int units = l ? layers[l - 1].units : pixels;
    if (units > largest) largest = units;
    pattern_x[l] = allocate((units + SLACK) * sizeof(float)), pattern_d[l] = allocate((units + SLACK) * sizeof(float));
    x_of[l] = allocate(GROUP * units * sizeof(f8)), d_of[l] = allocate(GROUP * units * sizeof(f8));
  }
  int widest = 0;
  for (int n = 0; n < layer_count; n++) {
    int wide = layers[n].maps * layers[n].side * (layers[n].side + 2 * MARGIN);
    if (layers[n].kind == CONVOLUTION && wide > widest) widest = wide;
  }
  wide_d = allocate((widest + SLACK) * sizeof(float));
  first_connected = layer_count;
  while (first_connected && layers[first_connected - 1].kind >= LINEAR) first_connected--;
  unpacked = allocate(ROOM * largest * sizeof(float));
}

static int plain;  // by the plain kernels only
EXPORT(use_plain) void use_plain(int only) { plain = only; }
EXPORT(count_parameters) int count_parameters(void) { return parameter_count; }
EXPORT(room) int room(void) { return ROOM; }
EXPORT(weights_at) float *weights_at(void) { return weights; }
EXPORT(gradient_at) float *gradient_at(void) { return gradient; }
EXPORT(momentum_at) float *momentum_at(void) { return momentum; }
EXPORT(images_at) float *images_at(void) { return images; }
EXPORT(labels_at) int *labels_at(void) { return labels; }

// ---- the loss of one example, and its derivative by what OUTPUT puts out ----

enum { CROSS_ENTROPY, MAP, DISTANCE, SQUARED };
static int loss_kind, right_answers;
static double smoothing, rubbish_distance;

EXPORT(set_loss) void set_loss(int kind, double share_to_spread, double j) {
  loss_kind = kind, smoothing = share_to_spread, rubbish_distance = j;
}
EXPORT(take_right_answers) int take_right_answers(void) {
  int right = right_answers;
  right_answers = 0;
  return right;
}

// x, d: those of OUTPUT, `step` floats from one unit to the next. d comes out times `scale`. Adds to right_answers.
static double judge(const float *x, float *d, int step, int label, float scale) {
  int classes = layers[layer_count - 1].units, winner = 0;
  double sign = layers[layer_count - 1].kind == RBF ? -1 : 1;  // the smallest distance wins
  for (int c = 1; c < classes; c++)
    if (sign * x[c * step] > sign * x[winner * step]) winner = c;
  right_answers += winner == label;
  if (loss_kind == DISTANCE) {  // equation 8
    for (int c = 0; c < classes; c++) d[c * step] = c == label ? scale : 0;
    return x[label * step];
  }
  if (loss_kind == SQUARED) {  // 1/2 sum (x - target)^2, targets +1 and -1
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      float apart = x[c * step] - (c == label ? 1 : -1);
      sum += (double)apart * apart;
      d[c * step] = apart * scale;
    }
    return sum / 2;
  }
  // log sum e^score, from which the highest is taken out so that nothing overflows. Equation 9 has one score more, -j.
  double highest = sign * x[winner * step], sum = 0, mean = 0;
  if (loss_kind == MAP && highest < -rubbish_distance) highest = -rubbish_distance;
  for (int c = 0; c < classes; c++) {
    sum += exponential(sign * x[c * step] - highest);
    mean += sign * x[c * step] / classes;
  }
  if (loss_kind == MAP) sum += exponential(-rubbish_distance - highest);
  // The targets: the label's class has 1, but for the share that is spread over all.
  double spread = loss_kind == CROSS_ENTROPY ? smoothing : 0;
  for (int c = 0; c < classes; c++) {
    double share = exponential(sign * x[c * step] - highest) / sum;
    if (share < 1e-20) share = 0;  // it would leave numbers so small that processors compute with them a hundred times slower
    double target = (c == label ? 1 - spread : 0) + spread / classes;
    d[c * step] = (float)(sign * (share - target)) * scale;
  }
  return logarithm(sum) + highest - (1 - spread) * sign * x[label * step] - spread * mean;
}

// ---- blocks of eight ----

// `count` images into blocks; places that no image fills are 0.
static void pack_images(int count) {
  for (int e = 0; e < (count + LANES - 1) / LANES * LANES; e++) {
    float *place = (float *)(x_of[0] + e / LANES * pixels) + e % LANES;
    for (int p = 0; p < pixels; p++) place[p * LANES] = e < count ? images[e * pixels + p] : 0;
  }
}

// Whether there is a fast kernel for the layer. Without one, or when asked to, the plain kernels do it.
static int is_fast(const Layer *l) {
  if (plain) return 0;
  if (l->kind == CONVOLUTION) return has_fast_convolution(l);
  if (l->kind == SUBSAMPLING) return has_fast_subsampling(l);
  return l->kind == LINEAR;
}

static void forward_block(const Layer *l, const f8 *below, f8 *x) {
  if (!is_fast(l)) {
    plain_forward(l, weights, below, x);
    return;
  }
  if (l->kind == CONVOLUTION) convolve(l, weights, below, x);
  else if (l->kind == SUBSAMPLING) subsample(l, weights, below, x);
  else connect(l, weights, below, x);
  squash_all(l->squash, x, l->units);
}

static void back_block(const Layer *l, const f8 *below, const f8 *d, f8 *d_below) {
  if (!is_fast(l)) plain_back(l, weights, below, d, d_below);
  else if (l->kind == CONVOLUTION) convolution_back(l, weights, d, d_below);
  else if (l->kind == SUBSAMPLING) subsampling_back(l, weights, below, d, d_below);
  else connections_back(l, weights, d, d_below);
}

static void gradient_blocks(const Layer *l, const f8 *below, const f8 *d, int blocks) {
  if (is_fast(l) && l->kind == LINEAR) {
    connections_gradient(l, below, d, blocks, gradient);
    return;
  }
  for (int b = 0; b < blocks; b++, below += l->units_in, d += l->units) {
    if (!is_fast(l)) plain_gradient(l, below, d, gradient);
    else if (l->kind == CONVOLUTION) convolution_gradient(l, below, d, gradient);
    else subsampling_gradient(l, below, d, gradient);
  }
}

// Every layer's output for the first `count` images, at most ROOM.
EXPORT(forward) void forward(int count) {
  pack_images(count);
  for (int b = 0; b * LANES < count; b++)
    for (int n = 0; n < layer_count; n++) {
      const Layer *l = &layers[n];
      forward_block(l, x_of[n] + b * l->units_in, x_of[n + 1] + b * l->units);
    }
}

// Layer n's output for the last images (0: the images themselves), example after example: (count, units).
EXPORT(unpack) float *unpack(int n, int count) {
  int units = n ? layers[n - 1].units : pixels;
  for (int e = 0; e < count; e++) {
    const float *place = (const float *)(x_of[n] + e / LANES * units) + e % LANES;
    for (int p = 0; p < units; p++) unpacked[e * units + p] = place[p * LANES];
  }
  return unpacked;
}

// Adds to the gradient that of `scale` times the summed loss of the first `count` images, at most ROOM, and returns
// their summed loss, unscaled. to_images: also the derivative by every pixel, for `unpack_image_gradient`.
EXPORT(learn) double learn(int count, float scale, int to_images) {
  forward(count);
  int blocks = (count + LANES - 1) / LANES;
  double loss = 0;
  const Layer *output = &layers[layer_count - 1];
  for (int b = 0; b < blocks; b++) {
    float *x = (float *)(x_of[layer_count] + b * output->units), *d = (float *)(d_of[layer_count] + b * output->units);
    for (int e = 0; e < LANES; e++) {
      if (b * LANES + e < count) loss += judge(x + e, d + e, LANES, labels[b * LANES + e], scale);
      else
        for (int c = 0; c < output->units; c++) d[c * LANES + e] = 0;
    }
  }
  // Fully connected layers take all blocks at once, since their weights are many: each is read and written once.
  for (int n = layer_count - 1; n >= first_connected; n--) {
    const Layer *l = &layers[n];
    for (int b = 0; b < blocks; b++) {
      f8 *own = d_of[n + 1] + b * l->units;
      times_slopes(l->squash, x_of[n + 1] + b * l->units, own, l->units);
      if (n || to_images) back_block(l, x_of[n] + b * l->units_in, own, d_of[n] + b * l->units_in);
    }
    gradient_blocks(l, x_of[n], d_of[n + 1], blocks);
  }
  // Below them one block after the other goes down to the image, so that its maps are still in the cache.
  for (int b = 0; b < blocks; b++)
    for (int n = first_connected - 1; n >= 0; n--) {
      const Layer *l = &layers[n];
      f8 *own = n + 1 == first_connected ? d_of[n + 1] + b * l->units : d_of[n + 1];
      times_slopes(l->squash, x_of[n + 1] + b * l->units, own, l->units);
      gradient_blocks(l, x_of[n] + b * l->units_in, own, 1);
      if (n || to_images) back_block(l, x_of[n] + b * l->units_in, own, n ? d_of[n] : d_of[n] + b * l->units_in);
    }
  return loss;
}

// ---- shards: parts of a batch whose gradients wait to be added up in one order, whoever learned them ----

static f8 *parts;  // (part_count, eights())
static int part_count;

// The parameters by eights; arrays of parameters have room for the last one.
static int eights(void) { return (parameter_count + 7) / 8; }

// Where part n is, with room for `count` parts. What waited there is lost if there was less.
EXPORT(part_at) f8 *part_at(int n, int count) {
  if (count > part_count) parts = allocate(count * eights() * sizeof(f8)), part_count = count;
  return parts + n * eights();
}

// The gradient becomes part n, and is 0 from here.
EXPORT(put_aside) void put_aside(int n) {
  f8 *part = parts + n * eights(), *g = (f8 *)gradient;
  for (int p = 0; p < eights(); p++) part[p] = g[p], g[p] = (f8)0;
}

// Adds part n to the gradient.
EXPORT(add_part) void add_part(int n) {
  f8 *part = parts + n * eights(), *g = (f8 *)gradient;
  for (int p = 0; p < eights(); p++) g[p] += part[p];
}

// For benchmarks: one kernel of layer n over and over, on the first block of the images that were learned last.
enum { FORWARD, GRADIENT, BACK };
EXPORT(repeat) void repeat(int n, int kernel, int times) {
  const Layer *l = &layers[n];
  for (int t = 0; t < times; t++) {
    if (kernel == FORWARD) forward_block(l, x_of[n], x_of[n + 1]);
    else if (kernel == GRADIENT) gradient_blocks(l, x_of[n], d_of[n + 1], 1);
    else back_block(l, x_of[n], d_of[n + 1], d_of[n]);
  }
}

// ---- the step ----

// Gradient descent as torch.optim.SGD takes it; the gradient is 0 afterwards.
EXPORT(step) void step(float rate, float momentum_share, int nesterov, float weight_decay) {
  f8 *w = (f8 *)weights, *m = (f8 *)momentum, *d = (f8 *)gradient;  // by eights, of which the last may be in part unused
  for (int p = 0; p < eights(); p++) {
    f8 g = d[p] + weight_decay * w[p];
    if (momentum_share > 0) {
      m[p] = momentum_share * m[p] + g;
      g = nesterov ? g + momentum_share * m[p] : m[p];
    }
    w[p] -= rate * g;
    d[p] = (f8)0;
  }
}

// ---- the training of 1998: one update a pattern, each parameter with a rate of its own (section III-B) ----

EXPORT(rates_at) float *rates_at(void) { return rates; }

static int is_fast_pattern(const Layer *l) {
  if (plain) return 0;
  if (l->kind == CONVOLUTION) return has_pattern_convolution(l);
  if (l->kind == SUBSAMPLING) return has_pattern_subsampling(l);
  return l->kind == LINEAR && has_pattern_connections(l);
}

static void forward_pattern(const Layer *l, const float *below, float *x) {
  if (!is_fast_pattern(l)) {
    plain_forward(l, weights, below, x);
    return;
  }
  if (l->kind == CONVOLUTION) convolve_pattern(l, weights, below, x);
  else if (l->kind == SUBSAMPLING) subsample_pattern(l, weights, below, x);
  else connect_pattern(l, weights, below, x);
  squash_all(l->squash, (f8 *)x, (l->units + 7) / 8);
}

// Every layer's output for the first image alone: the same bits as in a block of eight, in less time.
EXPORT(forward_one) void forward_one(const float *image) {
  for (int p = 0; p < pixels; p++) pattern_x[0][p] = image[p];
  for (int n = 0; n < layer_count; n++) forward_pattern(&layers[n], pattern_x[n], pattern_x[n + 1]);
}

// Layer n's output for that image.
EXPORT(output_of_one) float *output_of_one(int n) { return pattern_x[n]; }

// The layer's step by d, the derivative by its a; before it the derivative by what it reads.
static void move_layer(const Layer *l, const float *below, const float *d, float *d_below) {
  if (!is_fast_pattern(l)) {
    plain_back(l, weights, below, d, d_below);
    plain_gradient(l, below, d, gradient);
    int end = l == &layers[layer_count - 1] ? parameter_count : l[1].weights;
    for (int p = l->weights; p < end; p++) weights[p] -= rates[p] * gradient[p], gradient[p] = 0;
  } else if (l->kind == CONVOLUTION) {
    widen(l, d);
    if (l != layers) convolution_pattern_back(l, weights, d_below);
    move_convolution(l, weights, rates, below);
  } else if (l->kind == SUBSAMPLING) {
    subsampling_pattern_back(l, weights, d, d_below);
    move_subsampling(l, weights, rates, below, d);
  } else move_connections(l, weights, rates, below, d, d_below);
}

// One update for each of the first `count` images, in turn: their summed loss, each before its update. The gradient
// must be 0 before and is afterwards.
EXPORT(train_patterns) double train_patterns(int count) {
  double loss = 0;
  for (int e = 0; e < count; e++) {
    forward_one(images + e * pixels);
    loss += judge(pattern_x[layer_count], pattern_d[layer_count], 1, labels[e], 1);
    for (int n = layer_count - 1; n >= 0; n--) {
      const Layer *l = &layers[n];
      times_slopes(l->squash, (f8 *)pattern_x[n + 1], (f8 *)pattern_d[n + 1], (l->units + 7) / 8);
      move_layer(l, pattern_x[n], pattern_d[n + 1], pattern_d[n]);
    }
  }
  return loss;
}

// ---- appendix C: the second derivative h of the loss along every parameter, by the Gauss-Newton approximation ----

EXPORT(curvature_at) double *curvature_at(void) {
  if (!curvature) {
    curvature = allocate((parameter_count + 1) * sizeof(double));
    for (int l = 0; l <= layer_count; l++) {
      int units = l ? layers[l - 1].units : pixels;
      fine_x[l] = allocate(units * sizeof(d8)), fine_h[l] = allocate(units * sizeof(d8));
    }
  }
  return curvature;
}

// h of eight examples' loss by what the top layer below any RBF puts out: x.
static d8 output_curvature(const d8 *x, int unit, int units) {
  if (loss_kind == MAP || loss_kind == DISTANCE) return (d8)2;  // of y_D alone, equation 8
  if (loss_kind == SQUARED) return (d8)1;
  d8 sum = (d8)0, highest = x[0];  // of log sum e^x: p (1 - p)
  for (int u = 1; u < units; u++) highest = choose(x[u] > highest, x[u], highest);
  for (int u = 0; u < units; u++) sum += exponential(x[u] - highest);
  d8 share = exponential(x[unit] - highest) / sum;
  return share * (1 - share);
}

// Adds to the curvature the sum over the first `count` images.
EXPORT(curve) void curve(int count) {
  pack_images(count);
  int top = layers[layer_count - 1].kind == RBF ? layer_count - 1 : layer_count;  // layers that h passes
  for (int b = 0; b * LANES < count; b++) {
    for (int p = 0; p < pixels; p++) fine_x[0][p] = __builtin_convertvector(x_of[0][b * pixels + p], d8);
    for (int n = 0; n < top; n++) plain_forward(&layers[n], weights, fine_x[n], fine_x[n + 1]);
    int units = layers[top - 1].units;
    for (int u = 0; u < units; u++) {
      d8 h = output_curvature(fine_x[top], u, units);
      for (int e = 0; e < LANES; e++) fine_h[top][u][e] = b * LANES + e < count ? h[e] : 0;
    }
    for (int n = top - 1; n >= 0; n--) {
      const Layer *l = &layers[n];
      plain_slopes(l, fine_x[n + 1], fine_h[n + 1]);
      plain_gradient(l, fine_x[n], fine_h[n + 1], curvature);
      if (n) plain_back(l, weights, fine_x[n], fine_h[n + 1], fine_h[n]);
    }
  }
}

// The network: its layers, made one after the other from the plan, and the memory that they need.

// ---- memory: taken from the end of what is there, given back by nobody; a network has a machine of its own ----

extern unsigned char __heap_base;
static size_t heap_end;

EXPORT(allocate) void *allocate(size_t bytes) {
  if (!heap_end) heap_end = ((size_t)&__heap_base + 63) & ~63ul;
  size_t place = heap_end, there = __builtin_wasm_memory_size(0) * 65536;
  heap_end += (bytes + 63) & ~63ul;
  if (heap_end > there && __builtin_wasm_memory_grow(0, (heap_end - there + 65535) / 65536) == (size_t)-1)
    __builtin_trap();
  return (void *)place;  // new memory is all zeros
}

// ---- layers ----

enum { CONVOLUTION, SUBSAMPLING, LINEAR, RBF };
enum { TRAINABLE, AVERAGE, MAXIMUM };

typedef struct {
  int kind, squash;
  int maps_in, side_in, maps, side;  // a fully connected layer has maps of one unit
  int units_in, units;               // in all maps together
  int weights, biases;               // places of the first of each in the flat array of parameters
  // convolution
  int kernel, stride, padding, bias_per_unit, full;
  float border;     // what stands beyond an edge
  int *first_link;  // map k has the links first_link[k] up to but not including first_link[k + 1], ...
  int *link_from;   // ... each from a map below; link n has the kernel at weights + n kernel^2
  int *first_back;  // the same seen from below: map i is read through first_back[i] to first_back[i + 1] - 1, ...
  int *back_to;     // ... each to a map above ...
  int *back_link;   // ... by this link
  // subsampling
  int pooling, size, copies;
  // RBF
  const float *codes;  // (units, units_in)
} Layer;

#define MOST_LAYERS 32
EXPORT(most_layers) int most_layers(void) { return MOST_LAYERS; }
static Layer layers[MOST_LAYERS];
static int layer_count, parameter_count, pixels;
static int maps_below, side_below;  // while the network is built: what the next layer reads

EXPORT(begin) void begin(int maps, int side) {
  maps_below = maps, side_below = side;
  pixels = maps * side * side;
}

static Layer *add_layer(int kind, int maps, int side, int squash, int weights, int biases) {
  if (layer_count == MOST_LAYERS) __builtin_trap();
  Layer *l = &layers[layer_count++];
  l->kind = kind, l->squash = squash;
  l->maps_in = maps_below, l->side_in = side_below;
  l->maps = maps_below = maps, l->side = side_below = side;
  l->units_in = l->maps_in * l->side_in * l->side_in, l->units = maps * side * side;
  l->weights = parameter_count, l->biases = parameter_count + weights;
  parameter_count += weights + biases;
  return l;
}

EXPORT(add_linear) void add_linear(int units, int squash) {
  int units_in = maps_below * side_below * side_below;
  add_layer(LINEAR, units, 1, squash, units * units_in, units);
}

// table[i * maps + k]: whether map k reads map i of the layer below.
EXPORT(add_convolution)
void add_convolution(int maps, int kernel, int stride, int padding, float border, int bias_per_unit, int squash,
                     const unsigned char *table) {
  int maps_in = maps_below, links = 0, n = 0;
  for (int t = 0; t < maps_in * maps; t++) links += table[t] != 0;
  int side = (side_below + 2 * padding - kernel) / stride + 1;
  // C5: a kernel that has room for one place only is a fully connected layer, whose weights stand in the same order.
  if (side == 1 && !padding && kernel == side_below && links == maps_in * maps) {
    add_linear(maps, squash);
    return;
  }
  Layer *l = add_layer(CONVOLUTION, maps, side, squash, links * kernel * kernel,
                       bias_per_unit ? maps * side * side : maps);
  l->kernel = kernel, l->stride = stride, l->padding = padding, l->border = border;
  l->bias_per_unit = bias_per_unit, l->full = links == maps_in * maps;
  l->first_link = allocate((maps + 1) * sizeof(int)), l->link_from = allocate(links * sizeof(int));
  l->first_back = allocate((maps_in + 1) * sizeof(int));
  l->back_to = allocate(links * sizeof(int)), l->back_link = allocate(links * sizeof(int));
  int *link_of = allocate(maps_in * maps * sizeof(int));
  for (int k = 0; k < maps; k++) {
    for (int i = 0; i < maps_in; i++)
      if (table[i * maps + k]) link_of[i * maps + k] = n, l->link_from[n++] = i;
    l->first_link[k + 1] = n;
  }
  n = 0;
  for (int i = 0; i < maps_in; i++) {
    for (int k = 0; k < maps; k++)
      if (table[i * maps + k]) l->back_to[n] = k, l->back_link[n++] = link_of[i * maps + k];
    l->first_back[i + 1] = n;
  }
}

EXPORT(add_subsampling) void add_subsampling(int pooling, int size, int copies, int squash) {
  int maps = maps_below * copies, trained = pooling == TRAINABLE ? maps : 0;
  Layer *l = add_layer(SUBSAMPLING, maps, side_below / size, squash, trained, trained);
  l->pooling = pooling, l->size = size, l->copies = copies;
}

EXPORT(add_rbf) void add_rbf(int units, const float *codes) {
  add_layer(RBF, units, 1, NOT_SQUASHED, 0, 0)->codes = codes;
}

// ---- where things are ----

// Subsampling: where the square of unit (y, x) of map k begins below. Maps next to each other may read the same map.
static inline int corner_of(const Layer *l, int k, int y, int x) {
  return (k / l->copies * l->side_in + y * l->size) * l->side_in + x * l->size;
}

// Kinds of number, and the functions of one number: the squashes and their slopes, exp and log.
//
// Everything is made of + - * / and comparisons, which WebAssembly defines to the last bit, so a network comes
// to the same weights in every browser. Nothing is taken from the host's mathematics, which may differ.

typedef unsigned long size_t;
typedef float f8 __attribute__((ext_vector_type(8)));  // the same number of eight examples: two SIMD registers
typedef int i8 __attribute__((ext_vector_type(8)));
typedef double d8 __attribute__((ext_vector_type(8)));
typedef long long l8 __attribute__((ext_vector_type(8)));

#define OVERLOADED __attribute__((overloadable))
#define INLINE static inline __attribute__((always_inline)) OVERLOADED
#define PLAIN static OVERLOADED __attribute__((minsize, noinline))  // small rather than fast
#define EXPORT(name) __attribute__((export_name(#name)))

// ---- choosing and adding, for one number and for eight ----

INLINE f8 choose(i8 condition, f8 yes, f8 no) { return (f8)((condition & (i8)yes) | (~condition & (i8)no)); }
INLINE float choose(int condition, float yes, float no) { return condition ? yes : no; }
INLINE d8 choose(l8 condition, d8 yes, d8 no) { return (d8)((condition & (l8)yes) | (~condition & (l8)no)); }

INLINE f8 largest(f8 a, f8 b) { return choose(b > a, b, a); }

// The sum over the eight examples, always in this order.
INLINE float total(f8 a) {
  return ((a[0] + a[4]) + (a[1] + a[5])) + ((a[2] + a[6]) + (a[3] + a[7]));
}
INLINE float total(float a) { return a; }
INLINE double total(d8 a) {
  return ((a[0] + a[4]) + (a[1] + a[5])) + ((a[2] + a[6]) + (a[3] + a[7]));
}

// ---- exp and log in double precision ----

static OVERLOADED double exponential(double x) {
  if (x != x) return x;
  if (x < -700) return 0;
  if (x > 700) x = 700;
  // x = n ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts, the first of which n multiplies exactly.
  double n = __builtin_floor(x * 1.4426950408889634 + 0.5);
  double r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  double sum = 1;
  _Pragma("clang loop unroll(full)") for (int k = 14; k > 0; k--) sum = sum * (r * (1.0 / k)) + 1;  // Taylor, by Horner
  union { long long bits; double value; } two_to_n = {((long long)n + 1023) << 52};
  return sum * two_to_n.value;
}

// For x > 0 only.
static double logarithm(double x) {
  union { double value; long long bits; } u = {x};
  int e = (int)(u.bits >> 52) - 1023;
  u.bits = (u.bits & 0xfffffffffffffLL) | 0x3ff0000000000000LL;
  if (u.value > 1.4142135623730951) u.value *= 0.5, e++;
  // log m = 2 artanh s = 2 (s + s^3/3 + s^5/5 + ...), |s| < 0.172
  double s = (u.value - 1) / (u.value + 1), sum = 0;
  for (int k = 23; k > 0; k -= 2) sum = sum * s * s + 1.0 / k;
  return 2 * s * sum + e * 0.6931471805599453;
}

INLINE d8 exponential(d8 x) {
  for (int e = 0; e < 8; e++) x[e] = exponential(x[e]);
  return x;
}

// e^x of eight floats, within two units of the last place: the same split, and a polynomial for e^r.
INLINE f8 exponential(f8 x) {
  x = choose(x < -87.f, (f8)-87.f, choose(x > 88.f, (f8)88.f, x));
  f8 n = __builtin_elementwise_floor(x * 1.44269504f + 0.5f);
  f8 r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  f8 sum = (f8)(1.f / 5040);
  sum = sum * r + 1.f / 720;
  sum = sum * r + 1.f / 120;
  sum = sum * r + 1.f / 24;
  sum = sum * r + 1.f / 6;
  sum = sum * r + 0.5f;
  sum = sum * r + 1.f;
  sum = sum * r + 1.f;
  return sum * (f8)((__builtin_convertvector(n, i8) + 127) << 23);
}

// ---- the squashes: x = f(a) ----

enum { NOT_SQUASHED, SCALED_TANH, SIGMOID, RELU };

#define A 1.7159       // appendix A: f(a) = A tanh(S a), equation 6
#define S (2.0 / 3.0)

// A tanh(S a) from tanh of half the argument, u = S a / 2: tanh 2u = 2t / (1 + t^2), where t = n / d is Lambert's
// continued fraction of tanh u, cut off after seven terms. Up to the limit, where tanh 2u is 1 in single
// precision, it is off by no more than 1.1e-8. The compiled loops of Python compute the same.
#define DEFINE_SCALED_TANH(T)                                                       \
  INLINE T scaled_tanh(T a) {                                                       \
    T u = a * (float)(S / 2), limit = (T)4.5f;                                      \
    u = choose(u > limit, limit, choose(u < -limit, -limit, u));                    \
    T z = u * u;                                                                    \
    T n = u * (((z + 378.f) * z + 17325.f) * z + 135135.f);                         \
    T d = ((28.f * z + 3150.f) * z + 62370.f) * z + 135135.f;                       \
    return (float)A * (2.f * n * d) / (d * d + n * n);                              \
  }
DEFINE_SCALED_TANH(f8)
DEFINE_SCALED_TANH(float)
INLINE d8 scaled_tanh(d8 a) { return A * (1 - 2 / (exponential(2 * S * a) + 1)); }

INLINE f8 sigmoid(f8 a) { return 1.f / (1.f + exponential(-a)); }
INLINE float sigmoid(float a) { return sigmoid((f8)a)[0]; }
INLINE d8 sigmoid(d8 a) { return 1 / (1 + exponential(-a)); }

#define DEFINE_SQUASH(T, R)                                                                          \
  INLINE T squash(int kind, T a) {                                                                   \
    if (kind == SCALED_TANH) return scaled_tanh(a);                                                  \
    if (kind == SIGMOID) return sigmoid(a);                                                          \
    if (kind == RELU) return choose(a < (T)0, (T)0, a);                                              \
    return a;                                                                                        \
  }                                                                                                  \
  /* f'(a), told from x = f(a). */                                                                   \
  INLINE T slope(int kind, T x) {                                                                    \
    if (kind == SCALED_TANH) return (T)(R)(S / A) * ((T)(R)(A * A) - x * x);                         \
    if (kind == SIGMOID) return x * (1 - x);                                                         \
    if (kind == RELU) return choose(x > (T)0, (T)1, (T)0);                                           \
    return (T)1;                                                                                     \
  }
DEFINE_SQUASH(f8, float)
DEFINE_SQUASH(float, float)
DEFINE_SQUASH(d8, double)

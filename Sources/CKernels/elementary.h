// exp and log in double. Included once per instruction set; fma rounds once on all of them.

static double fma64(double a, double b, double c) {
  return __builtin_fma(a, b, c);
}

// x * 2^n for n in -1080 ... 1024, in two exact or once-rounded steps.
static double scale64(double x, int64_t n) {
  const int64_t half = n / 2;
  double first, second;
  const uint64_t first_bits = (uint64_t)(half + 1023) << 52, second_bits = (uint64_t)(n - half + 1023) << 52;
  memcpy(&first, &first_bits, sizeof first);
  memcpy(&second, &second_bits, sizeof second);
  return x * first * second;
}

static double exp_f64(double x) {
  // 1 / n! from n = 13 down to 2: the remainder of the series is below 2^-60 of the sum.
  static const double term[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
                                1.0 / 362880,     1.0 / 40320,     1.0 / 5040,     1.0 / 720,
                                1.0 / 120,        1.0 / 24,        1.0 / 6,        0.5};
  if (x != x)
    return x;
  x = x < -746 ? -746 : x > 710 ? 710 : x;
  const double round = 6755399441055744.0; // 1.5 * 2^52
  const double n = fma64(x, 0x1.71547652b82fep+0, round) - round;
  const double high = fma64(n, -0x1.62e42fefa39efp-1, x);
  const double low = n * -0x1.abc9e3b39803fp-56;
  const double r = high + low;
  double p = term[0];
  for (int i = 1; i < 12; i++)
    p = fma64(p, r, term[i]);
  // The part of the sum that rounding r lost is added back where it still counts.
  const double lost = (high - r) + low;
  return scale64(1.0 + (r + fma64(p * r, r, lost)), (int64_t)n);
}

static double log_f64(double x) {
  // 2 / (2 i + 1) from i = 11 down to 1: atanh's series in s^2, for s up to 0.172.
  static const double term[] = {2.0 / 23, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13,
                                2.0 / 11, 2.0 / 9,  2.0 / 7,  2.0 / 5,  2.0 / 3};
  uint64_t bits;
  int64_t n = 0;
  if (!(x > 0) || x - x != 0)
    return x > 0 ? x : x == 0 ? -__builtin_inf() : __builtin_nan("");
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    n = -54;
  }
  memcpy(&bits, &x, sizeof bits);
  // The mantissa is taken from [sqrt(1/2), sqrt(2)).
  const uint64_t shifted = bits + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
  n += (int64_t)(shifted >> 52) - 1023;
  bits = (shifted & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu;
  memcpy(&x, &bits, sizeof x);
  const double f = x - 1.0, s = f / (2.0 + f), z = s * s, half_square = 0.5 * f * f;
  double p = term[0];
  for (int i = 1; i < 11; i++)
    p = fma64(p, z, term[i]);
  // log(1 + f) = f - (f^2 / 2 - s (f^2 / 2 + z p))
  const double tail = fma64((double)n, 0x1.abc9e3b39803fp-56, s * fma64(z, p, half_square));
  return fma64((double)n, 0x1.62e42fefa39efp-1, f - (half_square - tail));
}

// What the fused kernels compute with: vectors of sixteen numbers, the exponential, small products of matrices.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstring>
#include <vector>

// One machine code for each generation of processors, chosen when the library is loaded.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#elif defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif
#define INLINE static inline __attribute__((always_inline))

namespace rcpa {

constexpr int LANES = 16;
typedef float Lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4)));

INLINE int padded(int n) { return (n + LANES - 1) / LANES * LANES; }

// e^x to about 1e-7 of its value, 1.2e-38 at the least; not-a-number stays.
// Cody & Waite's reduction to |r| <= ln(2) / 2, a polynomial of degree 6, and the exponent put in by its bits.
INLINE float exponential(float x) {
  x = x < -87.3f ? -87.3f : x;
  x = x > 88.7f ? 88.7f : x;
  const float n = __builtin_floorf(x * 1.44269504f + 0.5f);
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float y = 1.9875691500e-4f;
  y = y * r + 1.3981999507e-3f;
  y = y * r + 8.3334519073e-3f;
  y = y * r + 4.1665795894e-2f;
  y = y * r + 1.6666665459e-1f;
  y = y * r + 5.0000001201e-1f;
  y = y * r * r + r + 1.0f;
  const int bits = (static_cast<int>(n) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return y * power;
}

INLINE Lanes& lanesAt(float* x) { return *reinterpret_cast<Lanes*>(x); }
INLINE const Lanes& lanesAt(const float* x) { return *reinterpret_cast<const Lanes*>(x); }

// Turns `count` numbers at `x` into their softmax and gives the log of the sum of their exponentials. There is room up
// to the padded end, which is zeros afterwards. Sums lie side by side in lanes, or no vectors could hold them.
INLINE float softmaxInPlace(float* x, int count) {
  const int end = padded(count);
  for (int j = count; j < end; j++) x[j] = -INFINITY;
  Lanes tops = lanesAt(x);
  for (int j = LANES; j < end; j += LANES) tops = lanesAt(x + j) > tops ? lanesAt(x + j) : tops;
  float top = tops[0];
  for (int lane = 1; lane < LANES; lane++) top = tops[lane] > top ? tops[lane] : top;
  for (int j = 0; j < end; j++) x[j] = exponential(x[j] - top);
  for (int j = count; j < end; j++) x[j] = 0;
  Lanes sums = lanesAt(x);
  for (int j = LANES; j < end; j += LANES) sums += lanesAt(x + j);
  float sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += sums[lane];
  const float share = 1.0f / sum;
  for (int j = 0; j < end; j += LANES) lanesAt(x + j) *= share;
  return top + std::log(sum);
}

// An element of a matrix `a` of any layout is a[row * rowStride + column * columnStride].
struct Strided {
  const float* data;
  ptrdiff_t rowStride;
  ptrdiff_t columnStride;
};

template <int ROWS>
INLINE void tile(int inner, Strided a, const float* b, int bStride, float* c, int cStride, bool add) {
  Lanes sums[ROWS];
  for (int i = 0; i < ROWS; i++) {
    if (add) sums[i] = *reinterpret_cast<const Lanes*>(c + i * cStride);
    else sums[i] = Lanes{};
  }
  for (int p = 0; p < inner; p++) {
    const Lanes row = *reinterpret_cast<const Lanes*>(b + static_cast<ptrdiff_t>(p) * bStride);
    for (int i = 0; i < ROWS; i++) sums[i] += a.data[i * a.rowStride + p * a.columnStride] * row;
  }
  for (int i = 0; i < ROWS; i++) *reinterpret_cast<Lanes*>(c + i * cStride) = sums[i];
}

// c = a b, or c += a b; [rows, inner] times [inner, columns], columns a multiple of LANES.
INLINE void multiply(int rows, int columns, int inner, Strided a, const float* b, int bStride, float* c,
                     int cStride, bool add) {
  for (int column = 0; column < columns; column += LANES) {
    const float* right = b + column;
    float* out = c + column;
    int row = 0;
    for (; row + 4 <= rows; row += 4) {
      const Strided left = {a.data + row * a.rowStride, a.rowStride, a.columnStride};
      tile<4>(inner, left, right, bStride, out + row * cStride, cStride, add);
    }
    for (; row < rows; row++) {
      const Strided left = {a.data + row * a.rowStride, a.rowStride, a.columnStride};
      tile<1>(inner, left, right, bStride, out + row * cStride, cStride, add);
    }
  }
}

// Working memory that a thread keeps from call to call.
class Scratch {
 public:
  // `size` numbers of any value, good until the next `reset`.
  float* take(size_t size) {
    if (used_ == blocks_.size()) blocks_.emplace_back();
    auto& block = blocks_[used_++];
    if (block.size() < size) block.resize(size);
    return block.data();
  }
  void reset() { used_ = 0; }

 private:
  std::vector<std::vector<float>> blocks_;
  size_t used_ = 0;
};

}  // namespace rcpa

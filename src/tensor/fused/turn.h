// Turns matrices between the layout of files, [out, in], and that of the device, [in, out].
#pragma once
#include "arithmetic.h"

namespace rcpa {

typedef float Four __attribute__((vector_size(4 * sizeof(float)), aligned(4)));
#if defined(__clang__)
#define PICK(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef int FourIndices __attribute__((vector_size(4 * sizeof(int))));
#define PICK(a, b, i, j, k, l) __builtin_shuffle(a, b, FourIndices{i, j, k, l})
#endif

INLINE void turnFour(const float* from, ptrdiff_t depth, float* to, ptrdiff_t width) {
  const Four a = *reinterpret_cast<const Four*>(from), b = *reinterpret_cast<const Four*>(from + depth);
  const Four c = *reinterpret_cast<const Four*>(from + 2 * depth), d = *reinterpret_cast<const Four*>(from + 3 * depth);
  const Four abLeft = PICK(a, b, 0, 4, 1, 5), abRight = PICK(a, b, 2, 6, 3, 7);
  const Four cdLeft = PICK(c, d, 0, 4, 1, 5), cdRight = PICK(c, d, 2, 6, 3, 7);
  *reinterpret_cast<Four*>(to) = PICK(abLeft, cdLeft, 0, 1, 4, 5);
  *reinterpret_cast<Four*>(to + width) = PICK(abLeft, cdLeft, 2, 3, 6, 7);
  *reinterpret_cast<Four*>(to + 2 * width) = PICK(abRight, cdRight, 0, 1, 4, 5);
  *reinterpret_cast<Four*>(to + 3 * width) = PICK(abRight, cdRight, 2, 3, 6, 7);
}
#undef PICK

// Writes a [rows, depth] matrix into the first columns of a [depth, width] one. Tiles stay in the cache, and each line of
// it is written whole.
inline void turn(ptrdiff_t rows, ptrdiff_t depth, const float* from, ptrdiff_t width, float* to) {
  constexpr ptrdiff_t TALL = 64, WIDE = 16;
  for (ptrdiff_t top = 0; top < rows; top += TALL) {
    const ptrdiff_t bottom = rows - top < TALL ? rows : top + TALL;
    for (ptrdiff_t left = 0; left < depth; left += WIDE) {
      const ptrdiff_t right = depth - left < WIDE ? depth : left + WIDE;
      ptrdiff_t column = left;
      for (; column + 4 <= right; column += 4) {
        ptrdiff_t row = top;
        for (; row + 4 <= bottom; row += 4) turnFour(from + row * depth + column, depth, to + column * width + row, width);
        for (; row < bottom; row++)
          for (int i = 0; i < 4; i++) to[(column + i) * width + row] = from[row * depth + column + i];
      }
      for (; column < right; column++)
        for (ptrdiff_t row = top; row < bottom; row++) to[column * width + row] = from[row * depth + column];
    }
  }
}

}  // namespace rcpa

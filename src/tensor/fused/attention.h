// Grouped-query attention over rows of rotated queries, keys and values as one projection gives them.
// A row is [head 0 … head H-1 | key 0 … key K-1 | value 0 … value K-1], each of `dim` numbers.
#pragma once
#include <cmath>

#include "arithmetic.h"

namespace rcpa {

// Rows of earlier tokens of the same sequences, [batch, time, width].
struct Earlier {
  const float* rows;
  int time;
};

struct AttentionShape {
  int batch;    // sequences
  int longest;  // own tokens of the longest
  int heads;    // query heads
  int kvHeads;  // key-value heads
  int dim;      // of a head
  bool causal;  // an own token sees itself and own tokens before it; else all
  const int* starts;  // first own row of each sequence and the end of the last, [batch + 1]
  // Own tokens of each sequence that are seen, [batch]; null where all are.
  const int* lengths;
  // Rows shared by responses to a prompt, [prompts, prefixTime, width]; null without.
  const float* prefix;
  const int* prefixLengths;  // [prompts]
  int prefixTime;
  // Prompt of each sequence, [batch]; null where the same number of them, side by side, belong to each prompt.
  const int* promptOf;
  int prompts;  // the batch without a prefix
  std::vector<Earlier> past;

  int repeat() const { return heads / kvHeads; }
  int width() const { return (heads + 2 * kvHeads) * dim; }
  ptrdiff_t firstRow(int sequence) const { return starts[sequence]; }
  int rowsOf(int sequence) const { return starts[sequence + 1] - starts[sequence]; }
  int seenOf(int sequence) const { return lengths == nullptr ? rowsOf(sequence) : lengths[sequence]; }
  int prompt(int sequence) const {
    return promptOf == nullptr ? sequence / (batch / prompts) : promptOf[sequence];
  }
  int shared(int sequence) const { return prefix == nullptr ? 0 : prefixLengths[prompt(sequence)]; }
  // The end of the run of sequences from `first` on that share a prefix.
  int runEnd(int first) const {
    int end = first + 1;
    while (prefix != nullptr && end < batch && prompt(end) == prompt(first)) end++;
    return end;
  }
  int pastTime() const {
    int total = 0;
    for (const auto& one : past) total += one.time;
    return total;
  }
};

constexpr int QUERY_BLOCK = 64;

// Keys or values of one head, column by column ([dim, keys]) and row by row ([keys, dim]), zeros as padding.
struct Packed {
  float* columns;
  float* rows;
};

// Puts `count` vectors, one every `stride` numbers, behind the `at` that are packed already.
INLINE void pack(const float* from, ptrdiff_t stride, int count, int at, int dim, int columnStride, int rowStride,
                 Packed into) {
  for (int j = 0; j < count; j++) {
    const float* vector = from + j * stride;
    if (into.columns != nullptr)
      for (int d = 0; d < dim; d++) into.columns[d * columnStride + at + j] = vector[d];
    if (into.rows != nullptr) {
      float* row = into.rows + static_cast<ptrdiff_t>(at + j) * rowStride;
      for (int d = 0; d < dim; d++) row[d] = vector[d];
    }
  }
}

// Zeros from key `from` up to the padded end.
INLINE void clearTail(Packed packed, int from, int dim, int columnStride, int rowStride) {
  const int end = padded(from);
  if (packed.columns != nullptr)
    for (int d = 0; d < dim; d++)
      for (int j = from; j < end; j++) packed.columns[d * columnStride + j] = 0;
  if (packed.rows != nullptr)
    std::memset(packed.rows + static_cast<ptrdiff_t>(from) * rowStride, 0, sizeof(float) * (end - from) * rowStride);
}

// Queries `first` … of one sequence with `own` rows and one key-value head, [count, dim padded] times `factor`.
INLINE void packQueries(const float* rows, ptrdiff_t stride, const AttentionShape& shape, int own, int head, int first,
                        int count, float factor, int rowStride, float* into) {
  for (int i = 0; i < count; i++) {
    const int repeat = (first + i) / own;
    const int time = (first + i) % own;
    const float* query = rows + time * stride + (head * shape.repeat() + repeat) * shape.dim;
    float* row = into + i * rowStride;
    for (int d = 0; d < shape.dim; d++) row[d] = factor * query[d];
    for (int d = shape.dim; d < rowStride; d++) row[d] = 0;
  }
}

// mixed [batch * time, heads * dim], logSums [batch * time, heads]
FOR_EACH_PROCESSOR
void attend(const AttentionShape& shape, const float* own, float* mixed, float* logSums, Scratch& scratch) {
  scratch.reset();
  const int dim = shape.dim, wide = padded(dim), width = shape.width();
  const int pastTime = shape.pastTime();
  const int most = padded(shape.prefixTime + pastTime + shape.longest);
  const int asking = shape.repeat() * shape.longest;
  const int block = asking < QUERY_BLOCK ? asking : QUERY_BLOCK;
  const float factor = 1.0f / std::sqrt(static_cast<float>(dim));
  const Packed keys = {scratch.take(dim * most), nullptr};
  const Packed values = {nullptr, scratch.take(most * wide)};
  float* asked = scratch.take(block * wide);
  float* scores = scratch.take(block * most);
  float* out = scratch.take(block * wide);
  std::memset(values.rows, 0, sizeof(float) * most * wide);
  for (int begin = 0, end; begin < shape.batch; begin = end) {
    end = shape.runEnd(begin);
    const int shared = shape.shared(begin);
    for (int head = 0; head < shape.kvHeads; head++) {
      const int keyAt = (shape.heads + head) * dim, valueAt = keyAt + shape.kvHeads * dim;
      if (shared > 0) {
        const float* rows = shape.prefix + static_cast<ptrdiff_t>(shape.prompt(begin)) * shape.prefixTime * width;
        pack(rows + keyAt, width, shared, 0, dim, most, wide, keys);
        pack(rows + valueAt, width, shared, 0, dim, most, wide, values);
      }
      for (int sequence = begin; sequence < end; sequence++) {
        const int rowsHere = shape.rowsOf(sequence);
        if (rowsHere == 0) continue;
        int count = shared;
        for (const auto& earlier : shape.past) {
          const float* rows = earlier.rows + static_cast<ptrdiff_t>(sequence) * earlier.time * width;
          pack(rows + keyAt, width, earlier.time, count, dim, most, wide, keys);
          pack(rows + valueAt, width, earlier.time, count, dim, most, wide, values);
          count += earlier.time;
        }
        const int before = count;
        const int seenHere = shape.seenOf(sequence);
        const ptrdiff_t firstRow = shape.firstRow(sequence);
        const float* rows = own + firstRow * width;
        pack(rows + keyAt, width, seenHere, count, dim, most, wide, keys);
        pack(rows + valueAt, width, seenHere, count, dim, most, wide, values);
        count += seenHere;
        clearTail(keys, count, dim, most, wide);
        clearTail(values, count, dim, most, wide);
        const int columns = padded(count), queries = shape.repeat() * rowsHere;
        for (int first = 0; first < queries; first += block) {
          const int here = queries - first < block ? queries - first : block;
          packQueries(rows, width, shape, rowsHere, head, first, here, factor, wide, asked);
          multiply(here, columns, dim, {asked, wide, 1}, keys.columns, most, scores, most, false);
          for (int i = 0; i < here; i++) {
            const int time = (first + i) % rowsHere;
            const int seen = shape.causal && before + time + 1 < count ? before + time + 1 : count;
            float* row = scores + i * most;
            const int queryHead = head * shape.repeat() + (first + i) / rowsHere;
            logSums[(firstRow + time) * shape.heads + queryHead] = softmaxInPlace(row, seen);
            for (int j = padded(seen); j < columns; j++) row[j] = 0;
          }
          multiply(here, wide, columns, {scores, most, 1}, values.rows, wide, out, wide, false);
          for (int i = 0; i < here; i++) {
            const ptrdiff_t row = firstRow + (first + i) % rowsHere;
            const int queryHead = head * shape.repeat() + (first + i) / rowsHere;
            std::memcpy(mixed + (row * shape.heads + queryHead) * dim, out + i * wide, sizeof(float) * dim);
          }
        }
      }
    }
  }
}

typedef float Eight __attribute__((vector_size(8 * sizeof(float)), aligned(4)));

// One query of BLOCKS * 8 numbers among keys in rows: what it mixes of the values, and the log of its sum.
template <int BLOCKS>
INLINE float attendOne(const std::vector<Earlier>& seen, const float* query, float factor, int width, int keyAt,
                       int valueAt, float* scores, float* out) {
  Eight asked[BLOCKS], mixed[BLOCKS];
  for (int b = 0; b < BLOCKS; b++) asked[b] = factor * *reinterpret_cast<const Eight*>(query + 8 * b);
  for (int b = 0; b < BLOCKS; b++) mixed[b] = Eight{};
  int count = 0;
  for (const Earlier& part : seen) {
    const float* key = part.rows + keyAt;
    for (int j = 0; j < part.time; j++, key += width) {
      Eight sums = asked[0] * *reinterpret_cast<const Eight*>(key);
      for (int b = 1; b < BLOCKS; b++) sums += asked[b] * *reinterpret_cast<const Eight*>(key + 8 * b);
      scores[count++] = ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
    }
  }
  const float logSum = softmaxInPlace(scores, count);
  count = 0;
  for (const Earlier& part : seen) {
    const float* value = part.rows + valueAt;
    for (int j = 0; j < part.time; j++, value += width) {
      const float weight = scores[count++];
      for (int b = 0; b < BLOCKS; b++) mixed[b] += weight * *reinterpret_cast<const Eight*>(value + 8 * b);
    }
  }
  for (int b = 0; b < BLOCKS; b++) *reinterpret_cast<Eight*>(out + 8 * b) = mixed[b];
  return logSum;
}

// Whether `attendSingle` knows heads of that size.
inline bool isUsualSize(int dim) { return dim == 16 || dim == 24 || dim == 32 || dim == 64 || dim == 128; }

// The same as `attend` where each sequence has one token at most, as in decoding, and heads are of a usual size: for
// one query a key is not worth being packed.
FOR_EACH_PROCESSOR
void attendSingle(const AttentionShape& shape, const float* own, float* mixed, float* logSums, Scratch& scratch) {
  scratch.reset();
  const int dim = shape.dim, width = shape.width();
  const float factor = 1.0f / std::sqrt(static_cast<float>(dim));
  float* scores = scratch.take(padded(shape.prefixTime + shape.pastTime() + 1));
  const size_t last = shape.past.size() + 1;
  std::vector<Earlier> seen(last + 1);
  for (int sequence = 0; sequence < shape.batch; sequence++) {
    if (shape.rowsOf(sequence) == 0) continue;
    const ptrdiff_t row = shape.firstRow(sequence);
    const ptrdiff_t prefixAt = static_cast<ptrdiff_t>(shape.prompt(sequence)) * shape.prefixTime * width;
    seen[0] = {shape.prefix == nullptr ? own : shape.prefix + prefixAt, shape.shared(sequence)};
    for (size_t i = 1; i < last; i++) {
      const Earlier& one = shape.past[i - 1];
      seen[i] = {one.rows + static_cast<ptrdiff_t>(sequence) * one.time * width, one.time};
    }
    seen[last] = {own + row * width, shape.seenOf(sequence)};
    for (int head = 0; head < shape.heads; head++) {
      const int keyAt = (shape.heads + head / shape.repeat()) * dim, valueAt = keyAt + shape.kvHeads * dim;
      const float* query = own + row * width + head * dim;
      float* out = mixed + (row * shape.heads + head) * dim;
      float& logSum = logSums[row * shape.heads + head];
      switch (dim) {
        case 16: logSum = attendOne<2>(seen, query, factor, width, keyAt, valueAt, scores, out); break;
        case 24: logSum = attendOne<3>(seen, query, factor, width, keyAt, valueAt, scores, out); break;
        case 32: logSum = attendOne<4>(seen, query, factor, width, keyAt, valueAt, scores, out); break;
        case 64: logSum = attendOne<8>(seen, query, factor, width, keyAt, valueAt, scores, out); break;
        default: logSum = attendOne<16>(seen, query, factor, width, keyAt, valueAt, scores, out);
      }
    }
  }
}

// Gradients of `attend` with respect to the own rows and, where there is one, the prefix; both start as zeros.
// Scores are computed again from the kept log-sums (Dao et al., FlashAttention, algorithm 4).
FOR_EACH_PROCESSOR
void attendBackward(const AttentionShape& shape, const float* dMixed, const float* own, const float* mixed,
                    const float* logSums, float* dOwn, float* dPrefix, Scratch& scratch) {
  scratch.reset();
  const int dim = shape.dim, wide = padded(dim), width = shape.width();
  const int most = padded(shape.prefixTime + shape.longest);
  const int asking = shape.repeat() * shape.longest;
  const int block = asking < QUERY_BLOCK ? asking : QUERY_BLOCK;
  const float factor = 1.0f / std::sqrt(static_cast<float>(dim));
  const ptrdiff_t mixedWidth = static_cast<ptrdiff_t>(shape.heads) * dim;
  const Packed keys = {scratch.take(dim * most), scratch.take(most * wide)};
  const Packed values = {scratch.take(dim * most), nullptr};
  float* dKeys = scratch.take(most * wide);
  float* dValues = scratch.take(most * wide);
  float* asked = scratch.take(block * wide);
  float* dOut = scratch.take(block * wide);
  float* weights = scratch.take(block * most);
  float* dScores = scratch.take(block * most);
  float* dAsked = scratch.take(block * wide);
  std::memset(keys.rows, 0, sizeof(float) * most * wide);
  for (int begin = 0, end; begin < shape.batch; begin = end) {
    end = shape.runEnd(begin);
    const int shared = shape.shared(begin);
    const ptrdiff_t prefixAt = static_cast<ptrdiff_t>(shape.prompt(begin)) * shape.prefixTime * width;
    for (int head = 0; head < shape.kvHeads; head++) {
      const int keyAt = (shape.heads + head) * dim, valueAt = keyAt + shape.kvHeads * dim;
      if (shared > 0) {
        pack(shape.prefix + prefixAt + keyAt, width, shared, 0, dim, most, wide, keys);
        pack(shape.prefix + prefixAt + valueAt, width, shared, 0, dim, most, wide, values);
      }
      std::memset(dKeys, 0, sizeof(float) * most * wide);
      std::memset(dValues, 0, sizeof(float) * most * wide);
      for (int sequence = begin; sequence < end; sequence++) {
        const int rowsHere = shape.rowsOf(sequence);
        if (rowsHere == 0) continue;
        const int seenHere = shape.seenOf(sequence);
        const ptrdiff_t firstRow = shape.firstRow(sequence);
        const float* rows = own + firstRow * width;
        pack(rows + keyAt, width, seenHere, shared, dim, most, wide, keys);
        pack(rows + valueAt, width, seenHere, shared, dim, most, wide, values);
        const int count = shared + seenHere, columns = padded(count), queries = shape.repeat() * rowsHere;
        clearTail(keys, count, dim, most, wide);
        clearTail(values, count, dim, most, wide);
        std::memset(dKeys + shared * wide, 0, sizeof(float) * (most - shared) * wide);
        std::memset(dValues + shared * wide, 0, sizeof(float) * (most - shared) * wide);
        for (int first = 0; first < queries; first += block) {
          const int here = queries - first < block ? queries - first : block;
          packQueries(rows, width, shape, rowsHere, head, first, here, factor, wide, asked);
          packQueries(dMixed + firstRow * mixedWidth, mixedWidth, shape, rowsHere, head, first, here, 1, wide, dOut);
          multiply(here, columns, dim, {asked, wide, 1}, keys.columns, most, weights, most, false);
          multiply(here, columns, dim, {dOut, wide, 1}, values.columns, most, dScores, most, false);
          for (int i = 0; i < here; i++) {
            const int time = (first + i) % rowsHere;
            const int queryHead = head * shape.repeat() + (first + i) / rowsHere;
            const ptrdiff_t at = (firstRow + time) * shape.heads + queryHead;
            const int seen = shape.causal && shared + time + 1 < count ? shared + time + 1 : count;
            const float* result = mixed + at * dim;
            const float* gradient = dOut + i * wide;
            float along = 0;
            for (int d = 0; d < dim; d++) along += result[d] * gradient[d];
            float* weight = weights + i * most;
            float* dScore = dScores + i * most;
            const float logSum = logSums[at];
            for (int j = 0; j < seen; j++) {
              weight[j] = exponential(weight[j] - logSum);
              dScore[j] = weight[j] * (dScore[j] - along);
            }
            for (int j = seen; j < columns; j++) weight[j] = dScore[j] = 0;
          }
          multiply(here, wide, columns, {dScores, most, 1}, keys.rows, wide, dAsked, wide, false);
          multiply(count, wide, here, {dScores, 1, most}, asked, wide, dKeys, wide, true);
          multiply(count, wide, here, {weights, 1, most}, dOut, wide, dValues, wide, true);
          for (int i = 0; i < here; i++) {
            const int queryHead = head * shape.repeat() + (first + i) / rowsHere;
            float* into = dOwn + (firstRow + (first + i) % rowsHere) * width + queryHead * dim;
            for (int d = 0; d < dim; d++) into[d] = factor * dAsked[i * wide + d];
          }
        }
        for (int j = 0; j < seenHere; j++) {
          float* into = dOwn + (firstRow + j) * width;
          std::memcpy(into + keyAt, dKeys + (shared + j) * wide, sizeof(float) * dim);
          std::memcpy(into + valueAt, dValues + (shared + j) * wide, sizeof(float) * dim);
        }
      }
      // A prompt can have responses in several runs.
      for (int j = 0; j < shared; j++) {
        float* into = dPrefix + prefixAt + static_cast<ptrdiff_t>(j) * width;
        for (int d = 0; d < dim; d++) {
          into[keyAt + d] += dKeys[j * wide + d];
          into[valueAt + d] += dValues[j * wide + d];
        }
      }
    }
  }
}

}  // namespace rcpa

// Norms, activations, rotation, heads and the optimizer: each reads its rows once and writes its result once.
#pragma once
#include <cmath>
#include <cstdint>

#include "arithmetic.h"

namespace rcpa {

// y = x / sqrt(mean(x^2) + epsilon) * gain
FOR_EACH_PROCESSOR
void rmsNorm(ptrdiff_t rows, int dim, const float* x, const float* gain, float epsilon, float* y, float* inverses) {
  for (ptrdiff_t row = 0; row < rows; row++, x += dim, y += dim) {
    float squares = 0;
    for (int d = 0; d < dim; d++) squares += x[d] * x[d];
    const float inverse = 1.0f / std::sqrt(squares / dim + epsilon);
    inverses[row] = inverse;
    for (int d = 0; d < dim; d++) y[d] = x[d] * inverse * gain[d];
  }
}

FOR_EACH_PROCESSOR
void rmsNormBackward(ptrdiff_t rows, int dim, const float* dy, const float* x, const float* gain,
                     const float* inverses, float* dx, float* dGain) {
  std::memset(dGain, 0, sizeof(float) * dim);
  for (ptrdiff_t row = 0; row < rows; row++, x += dim, dy += dim, dx += dim) {
    const float inverse = inverses[row];
    float along = 0;
    for (int d = 0; d < dim; d++) {
      dGain[d] += dy[d] * x[d] * inverse;
      along += dy[d] * gain[d] * x[d];
    }
    const float back = along * inverse * inverse * inverse / dim;
    for (int d = 0; d < dim; d++) dx[d] = dy[d] * gain[d] * inverse - x[d] * back;
  }
}

// y = silu(gate) * up of rows [gate | up]
FOR_EACH_PROCESSOR
void swiGlu(ptrdiff_t rows, int dim, const float* gateUp, float* y) {
  for (ptrdiff_t row = 0; row < rows; row++, gateUp += 2 * dim, y += dim) {
    const float* up = gateUp + dim;
    for (int d = 0; d < dim; d++) y[d] = gateUp[d] / (1.0f + exponential(-gateUp[d])) * up[d];
  }
}

FOR_EACH_PROCESSOR
void swiGluBackward(ptrdiff_t rows, int dim, const float* dy, const float* gateUp, float* dGateUp) {
  for (ptrdiff_t row = 0; row < rows; row++, gateUp += 2 * dim, dGateUp += 2 * dim, dy += dim) {
    const float* up = gateUp + dim;
    float* dUp = dGateUp + dim;
    for (int d = 0; d < dim; d++) {
      const float sigmoid = 1.0f / (1.0f + exponential(-gateUp[d]));
      const float silu = gateUp[d] * sigmoid;
      dGateUp[d] = dy[d] * up[d] * (sigmoid + silu - silu * sigmoid);
      dUp[d] = dy[d] * silu;
    }
  }
}

// Adds `bias` (may be null) and rotates the first `turned` vectors of each row, of `dim` numbers each.
// cos and sin are [rows, dim]; `sign` is 1, or -1 for the way back, which leaves the bias out.
FOR_EACH_PROCESSOR
void rotateRows(ptrdiff_t rows, int width, int dim, int turned, const float* x, const float* bias, const float* cos,
                const float* sin, float sign, float* y) {
  const int half = dim / 2;
  for (ptrdiff_t row = 0; row < rows; row++, x += width, y += width) {
    if (bias != nullptr)
      for (int i = 0; i < width; i++) y[i] = x[i] + bias[i];
    else
      std::memcpy(y, x, sizeof(float) * width);
    const float* c = cos + row * dim;
    const float* s = sin + row * dim;
    for (int vector = 0; vector < turned; vector++) {
      float* first = y + vector * dim;
      float* second = first + half;
      for (int d = 0; d < half; d++) {
        const float a = first[d], b = second[d], turn = sign * s[d];
        first[d] = a * c[d] - b * turn;
        second[d] = b * c[d] + a * turn;
      }
    }
  }
}

// Σ over rows, [dim]
FOR_EACH_PROCESSOR
void sumRows(ptrdiff_t rows, int dim, const float* x, float* sums) {
  std::memset(sums, 0, sizeof(float) * dim);
  for (ptrdiff_t row = 0; row < rows; row++, x += dim)
    for (int d = 0; d < dim; d++) sums[d] += x[d];
}

INLINE float logSumOf(const float* logits, int vocab) {
  float top = -INFINITY;
  for (int j = 0; j < vocab; j++) top = logits[j] > top ? logits[j] : top;
  float sum = 0;
  for (int j = 0; j < vocab; j++) sum += exponential(logits[j] - top);
  return top + std::log(sum);
}

// Draws from softmax(logits / temperature) over the tokens that `allowed` has 1 for, by the inverse of the cumulative
// distribution; temperature 0 takes the likeliest. Log-probability and entropy are those of all tokens at 1.
FOR_EACH_PROCESSOR
void chooseTokens(ptrdiff_t rows, int vocab, const float* logits, const int32_t* allowed, const float* uniforms,
                  float temperature, int32_t* ids, float* picked, float* entropies, Scratch& scratch) {
  scratch.reset();
  float* weights = scratch.take(vocab);
  for (ptrdiff_t row = 0; row < rows; row++, logits += vocab) {
    const float logSum = logSumOf(logits, vocab);
    float entropy = 0;
    for (int j = 0; j < vocab; j++) {
      const float logProbability = logits[j] - logSum;
      entropy -= exponential(logProbability) * logProbability;
    }
    int best = -1;
    for (int j = 0; j < vocab; j++)
      if (allowed[j] == 1 && (best < 0 || logits[j] > logits[best])) best = j;
    int chosen = best;
    if (temperature > 0) {
      const float scale = 1.0f / temperature, top = logits[best];
      for (int j = 0; j < vocab; j++)
        weights[j] = allowed[j] == 1 ? exponential((logits[j] - top) * scale) : 0.0f;
      double sum = 0;
      for (int j = 0; j < vocab; j++) sum += weights[j];
      double left = static_cast<double>(uniforms[row]) * sum;
      for (int j = 0; j < vocab; j++) {
        left -= weights[j];
        if (left < 0) {
          chosen = j;
          break;
        }
      }
    }
    ids[row] = chosen;
    picked[row] = logits[chosen] - logSum;
    entropies[row] = entropy;
  }
}

// log softmax(logits), [rows, vocab]
FOR_EACH_PROCESSOR
void logSoftmax(ptrdiff_t rows, int vocab, const float* logits, float* logProbabilities) {
  for (ptrdiff_t row = 0; row < rows; row++, logits += vocab, logProbabilities += vocab) {
    const float logSum = logSumOf(logits, vocab);
    for (int j = 0; j < vocab; j++) logProbabilities[j] = logits[j] - logSum;
  }
}

// log softmax(logits)[row, target[row]]
FOR_EACH_PROCESSOR
void pickLogProbabilities(ptrdiff_t rows, int vocab, const float* logits, const int32_t* targets, float* picked,
                          float* logSums) {
  for (ptrdiff_t row = 0; row < rows; row++, logits += vocab) {
    logSums[row] = logSumOf(logits, vocab);
    picked[row] = logits[targets[row]] - logSums[row];
  }
}

FOR_EACH_PROCESSOR
void pickLogProbabilitiesBackward(ptrdiff_t rows, int vocab, const float* dPicked, const float* logits,
                                  const int32_t* targets, const float* logSums, float* dLogits) {
  for (ptrdiff_t row = 0; row < rows; row++, logits += vocab, dLogits += vocab) {
    const float scale = -dPicked[row], logSum = logSums[row];
    if (scale == 0) {
      std::memset(dLogits, 0, sizeof(float) * vocab);
      continue;
    }
    for (int j = 0; j < vocab; j++) dLogits[j] = scale * exponential(logits[j] - logSum);
    dLogits[targets[row]] += dPicked[row];
  }
}

// Σ weight[row] KL(base[row] ‖ softmax(logits[row])), and its gradient with respect to the logits.
FOR_EACH_PROCESSOR
float divergence(ptrdiff_t rows, int vocab, const float* base, const float* logits, const float* weights,
                 float* dLogits) {
  double total = 0;
  for (ptrdiff_t row = 0; row < rows; row++, logits += vocab, base += vocab, dLogits += vocab) {
    const float weight = weights[row];
    if (weight == 0) {
      std::memset(dLogits, 0, sizeof(float) * vocab);
      continue;
    }
    const float logSum = logSumOf(logits, vocab);
    float apart = 0;
    for (int j = 0; j < vocab; j++) {
      const float probability = exponential(base[j]), own = logits[j] - logSum;
      apart += probability * (base[j] - own);
      dLogits[j] = weight * (exponential(own) - probability);
    }
    total += static_cast<double>(weight) * apart;
  }
  return static_cast<float>(total);
}

struct AdamConstants {
  float beta1, gain1, beta2, gain2, step, epsilon, keep;
};

FOR_EACH_PROCESSOR
void adam(ptrdiff_t size, const float* weight, const float* mean, const float* square, const float* gradient,
          const AdamConstants& constants, float* newWeight, float* newMean, float* newSquare) {
  const auto [beta1, gain1, beta2, gain2, step, epsilon, keep] = constants;
  for (ptrdiff_t i = 0; i < size; i++) {
    const float m = mean[i] * beta1 + gradient[i] * gain1;
    const float s = square[i] * beta2 + gradient[i] * gradient[i] * gain2;
    newMean[i] = m;
    newSquare[i] = s;
    newWeight[i] = weight[i] * keep - step * (m / (std::sqrt(s) + epsilon));
  }
}

FOR_EACH_PROCESSOR
double squareSum(ptrdiff_t size, const float* x) {
  double total = 0;
  for (ptrdiff_t start = 0; start < size; start += 4096) {
    const ptrdiff_t end = size - start < 4096 ? size : start + 4096;
    float sum = 0;
    for (ptrdiff_t i = start; i < end; i++) sum += x[i] * x[i];
    total += sum;
  }
  return total;
}

}  // namespace rcpa

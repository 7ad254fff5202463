// The fused kernels as operations "Rcpa…": what each takes and gives, the shapes checked. Engines run them through
// a `Call` of their own: kernels.cc gives them to TensorFlow, wasm.cc to tfjs's WebAssembly engine.
#pragma once
#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "attention.h"
#include "layers.h"

namespace rcpa {

// Numbers in row-major order that an engine keeps.
struct Array {
  static constexpr int MOST_DIMS = 8;
  const void* address = nullptr;
  int rank = 0;
  int64_t dims[MOST_DIMS] = {};

  ptrdiff_t size() const {
    ptrdiff_t product = 1;
    for (int i = 0; i < rank; i++) product *= dims[i];
    return product;
  }
  int columns() const { return rank == 0 ? 1 : static_cast<int>(dims[rank - 1]); }
  ptrdiff_t rows() const { return size() / columns(); }
  template <typename T = float>
  const T* data() const {
    return static_cast<const T*>(address);
  }
  // Null without elements, which stands for what is absent.
  template <typename T = float>
  const T* optional() const {
    return size() == 0 ? nullptr : data<T>();
  }
};

// One call of an operation.
class Call {
 public:
  virtual int inputs() const = 0;
  virtual Array input(int index) = 0;
  // The call is over, with this for an error.
  virtual void fail(const char* message) = 0;

  // Null when there is no memory, and the engine knows.
  float* output(int index, std::initializer_list<int64_t> shape) {
    return static_cast<float*>(allocate(index, false, shape.begin(), static_cast<int>(shape.size())));
  }
  int32_t* integers(int index, std::initializer_list<int64_t> shape) {
    return static_cast<int32_t*>(allocate(index, true, shape.begin(), static_cast<int>(shape.size())));
  }
  float* outputLike(int index, const Array& array) {
    return static_cast<float*>(allocate(index, false, array.dims, array.rank));
  }

 protected:
  ~Call() = default;
  virtual void* allocate(int index, bool integer, const int64_t* shape, int rank) = 0;
};

// What an operation was asked for, beside its inputs.
struct Settings {
  int64_t heads = 0, kvHeads = 0, dim = 0, turned = 0, past = 0;
  float epsilon = 0, sign = 0, temperature = 0;
  bool causal = false;
};

namespace {

void computeRmsNorm(const Settings& settings, Call& call) {
  const Array x = call.input(0), gain = call.input(1);
  float* y = call.outputLike(0, x);
  float* inverses = call.output(1, {x.rows()});
  if (y == nullptr || inverses == nullptr) return;
  rmsNorm(x.rows(), x.columns(), x.data(), gain.data(), settings.epsilon, y, inverses);
}

void computeRmsNormGrad(const Settings&, Call& call) {
  const Array dy = call.input(0), x = call.input(1), gain = call.input(2), inverses = call.input(3);
  float* dx = call.outputLike(0, x);
  float* dGain = call.outputLike(1, gain);
  if (dx == nullptr || dGain == nullptr) return;
  rmsNormBackward(x.rows(), x.columns(), dy.data(), x.data(), gain.data(),
                  inverses.data(), dx, dGain);
}

void computeSwiGlu(const Settings&, Call& call) {
  const Array gateUp = call.input(0);
  const int dim = gateUp.columns() / 2;
  float* y = call.output(0, {gateUp.rows(), dim});
  if (y != nullptr) swiGlu(gateUp.rows(), dim, gateUp.data(), y);
}

void computeSwiGluGrad(const Settings&, Call& call) {
  const Array dy = call.input(0), gateUp = call.input(1);
  float* dGateUp = call.outputLike(0, gateUp);
  if (dGateUp == nullptr) return;
  swiGluBackward(dy.rows(), dy.columns(), dy.data(), gateUp.data(), dGateUp);
}

void computeRotateRows(const Settings& settings, Call& call) {
  const Array x = call.input(0), bias = call.input(1), cos = call.input(2), sin = call.input(3);
  const bool turns = settings.turned > 0;
  if (settings.turned * settings.dim > x.columns() || (turns && cos.size() != x.rows() * settings.dim) ||
      (turns && sin.size() != cos.size()) || (bias.size() != 0 && bias.size() != x.columns()))
    return call.fail("rotation: rows, angles and bias do not fit each other");
  float* y = call.outputLike(0, x);
  if (y == nullptr) return;
  rotateRows(x.rows(), x.columns(), static_cast<int>(settings.dim), static_cast<int>(settings.turned),
             x.data(), bias.optional(), cos.data(), sin.data(), settings.sign, y);
}

void computeSumRows(const Settings&, Call& call) {
  const Array x = call.input(0);
  float* sums = call.output(0, {x.columns()});
  if (sums != nullptr) sumRows(x.rows(), x.columns(), x.data(), sums);
}

// Whether `list` has only whole numbers from 0 to below `limit`.
bool within(const int32_t* list, ptrdiff_t count, int64_t limit) {
  for (ptrdiff_t i = 0; i < count; i++)
    if (list[i] < 0 || list[i] >= limit) return false;
  return true;
}

// Inputs from `at`: own rows, lengths, starts, prefix, its lengths, prompts of the sequences, `past` earlier rows.
bool readShape(const Settings& settings, Call& call, int at, AttentionShape& shape, Array& own) {
  own = call.input(at);
  const Array lengths = call.input(at + 1), starts = call.input(at + 2), prefix = call.input(at + 3);
  const Array prefixLengths = call.input(at + 4), promptOf = call.input(at + 5);
  shape.starts = starts.data<int32_t>();
  shape.batch = static_cast<int>(starts.size() - 1);
  if (shape.batch < 1) {
    call.fail("attention: there is no sequence");
    return false;
  }
  shape.promptOf = promptOf.optional<int32_t>();
  shape.heads = static_cast<int>(settings.heads);
  shape.kvHeads = static_cast<int>(settings.kvHeads);
  shape.dim = static_cast<int>(settings.dim);
  shape.causal = settings.causal;
  shape.lengths = lengths.optional<int32_t>();
  shape.prefix = prefix.optional();
  shape.prefixLengths = prefixLengths.optional<int32_t>();
  shape.prompts = shape.prefix == nullptr ? shape.batch : static_cast<int>(prefixLengths.size());
  shape.prefixTime = shape.prefix == nullptr ? 0 : static_cast<int>(prefix.rows() / std::max(1, shape.prompts));
  for (int i = 0; i < settings.past; i++) {
    const Array rows = call.input(at + 6 + i);
    shape.past.push_back({rows.data(), static_cast<int>(rows.rows() / shape.batch)});
  }
  bool fits = own.columns() == shape.width() && shape.prompts > 0;
  fits = fits && (shape.promptOf ? promptOf.size() == shape.batch && within(shape.promptOf, shape.batch, shape.prompts)
                                 : shape.batch % shape.prompts == 0);
  shape.longest = 0;
  for (int sequence = 0; sequence < shape.batch; sequence++) {
    const int rows = shape.rowsOf(sequence);
    fits = fits && rows >= 0 && (shape.lengths == nullptr || (shape.lengths[sequence] >= 0 && shape.lengths[sequence] <= rows));
    shape.longest = std::max(shape.longest, rows);
  }
  fits = fits && shape.starts[0] == 0 && shape.starts[shape.batch] == own.rows();
  fits = fits && (shape.lengths == nullptr || lengths.size() == shape.batch);
  if (shape.prefix != nullptr) fits = fits && within(shape.prefixLengths, shape.prompts, shape.prefixTime + 1);
  if (!fits) call.fail("attention: rows, heads, sequences and prompts do not fit each other");
  return fits;
}

Scratch& scratch() {
  thread_local Scratch own;
  return own;
}

void computeAttention(const Settings& settings, Call& call) {
  AttentionShape shape;
  Array own;
  if (!readShape(settings, call, 0, shape, own)) return;
  const int64_t rows = own.rows();
  float* mixed = call.output(0, {rows, static_cast<int64_t>(shape.heads) * shape.dim});
  float* logSums = call.output(1, {rows, shape.heads});
  if (mixed == nullptr || logSums == nullptr) return;
  const auto pass = shape.longest == 1 && isUsualSize(shape.dim) ? attendSingle : attend;
  pass(shape, own.data(), mixed, logSums, scratch());
}

void computeAttentionGrad(const Settings& settings, Call& call) {
  const Array dMixed = call.input(0), mixed = call.input(1), logSums = call.input(2);
  AttentionShape shape;
  Array own;
  if (!readShape(settings, call, 3, shape, own)) return;
  const Array prefix = call.input(6);
  float* dOwn = call.outputLike(0, own);
  float* dPrefix = call.outputLike(1, prefix);
  if (dOwn == nullptr || dPrefix == nullptr) return;
  std::memset(dOwn, 0, sizeof(float) * own.size());
  std::memset(dPrefix, 0, sizeof(float) * prefix.size());
  attendBackward(shape, dMixed.data(), own.data(), mixed.data(), logSums.data(), dOwn, dPrefix,
                 scratch());
}

void computeChoose(const Settings& settings, Call& call) {
  const Array logits = call.input(0), allowed = call.input(1), uniforms = call.input(2);
  const ptrdiff_t rows = logits.rows();
  const int vocab = logits.columns();
  if (allowed.size() != vocab || uniforms.size() != rows)
    return call.fail("choosing tokens takes a flag for each token of the vocabulary and a number for each row");
  const int32_t* flags = allowed.data<int32_t>();
  bool any = false;
  for (int j = 0; j < vocab; j++) any = any || flags[j] == 1;
  if (!any) return call.fail("no token may be chosen");
  int32_t* ids = call.integers(0, {rows});
  float* picked = call.output(1, {rows});
  float* entropies = call.output(2, {rows});
  if (ids == nullptr || picked == nullptr || entropies == nullptr) return;
  chooseTokens(rows, vocab, logits.data(), flags, uniforms.data(), settings.temperature, ids, picked, entropies,
               scratch());
}

void computeLogSoftmax(const Settings&, Call& call) {
  const Array logits = call.input(0);
  float* result = call.outputLike(0, logits);
  if (result != nullptr) logSoftmax(logits.rows(), logits.columns(), logits.data(), result);
}

void computePick(const Settings&, Call& call) {
  const Array logits = call.input(0), targets = call.input(1);
  const ptrdiff_t rows = logits.rows();
  const int vocab = logits.columns();
  const int32_t* ids = targets.data<int32_t>();
  for (ptrdiff_t row = 0; row < rows; row++)
    if (ids[row] < 0 || ids[row] >= vocab) return call.fail("a target lies outside of the vocabulary");
  float* picked = call.output(0, {rows});
  float* logSums = call.output(1, {rows});
  if (picked == nullptr || logSums == nullptr) return;
  pickLogProbabilities(rows, vocab, logits.data(), ids, picked, logSums);
}

void computePickGrad(const Settings&, Call& call) {
  const Array dPicked = call.input(0), logits = call.input(1), targets = call.input(2), logSums = call.input(3);
  float* dLogits = call.outputLike(0, logits);
  if (dLogits == nullptr) return;
  pickLogProbabilitiesBackward(logits.rows(), logits.columns(), dPicked.data(), logits.data(),
                               targets.data<int32_t>(), logSums.data(), dLogits);
}

void computeDivergence(const Settings&, Call& call) {
  const Array base = call.input(0), logits = call.input(1), weights = call.input(2);
  float* value = call.output(0, {});
  float* dLogits = call.outputLike(1, logits);
  if (value == nullptr || dLogits == nullptr) return;
  *value = divergence(logits.rows(), logits.columns(), base.data(), logits.data(),
                      weights.data(), dLogits);
}

void computeAdam(const Settings&, Call& call) {
  const Array weight = call.input(0), mean = call.input(1), square = call.input(2), gradient = call.input(3);
  AdamConstants constants;
  std::memcpy(&constants, call.input(4).data(), sizeof constants);
  float* newWeight = call.outputLike(0, weight);
  float* newMean = call.outputLike(1, weight);
  float* newSquare = call.outputLike(2, weight);
  if (newWeight == nullptr || newMean == nullptr || newSquare == nullptr) return;
  adam(weight.size(), weight.data(), mean.data(), square.data(), gradient.data(), constants,
       newWeight, newMean, newSquare);
}

void computeSquareSum(const Settings&, Call& call) {
  double total = 0;
  for (int i = 0; i < call.inputs(); i++) {
    const Array x = call.input(i);
    total += squareSum(x.size(), x.data());
  }
  if (float* value = call.output(0, {})) *value = static_cast<float>(total);
}

using Compute = void (*)(const Settings&, Call&);

// Attributes, inputs and outputs as TensorFlow's own definitions write them; lists end with null.
struct Operation {
  const char* name;
  const char* attributes[6];
  const char* inputs[10];
  const char* outputs[4];
  Compute compute;
};

#define HEADS "heads: int", "kv_heads: int", "dim: int", "causal: bool"

constexpr Operation operations[] = {
  {"RcpaRmsNorm", {"epsilon: float"}, {"x: float", "gain: float"}, {"y: float", "inverses: float"},
   computeRmsNorm},
  {"RcpaRmsNormGrad", {}, {"dy: float", "x: float", "gain: float", "inverses: float"},
   {"dx: float", "d_gain: float"}, computeRmsNormGrad},
  {"RcpaSwiGlu", {}, {"gate_up: float"}, {"y: float"}, computeSwiGlu},
  {"RcpaSwiGluGrad", {}, {"dy: float", "gate_up: float"}, {"d_gate_up: float"}, computeSwiGluGrad},
  {"RcpaRotateRows", {"dim: int", "turned: int", "sign: float"},
   {"x: float", "bias: float", "cos: float", "sin: float"}, {"y: float"}, computeRotateRows},
  {"RcpaSumRows", {}, {"x: float"}, {"sums: float"}, computeSumRows},
  {"RcpaAttention", {HEADS, "N: int >= 0"},
   {"own: float", "lengths: int32", "starts: int32", "prefix: float", "prefix_lengths: int32", "prompt_of: int32",
    "past: N * float"},
   {"mixed: float", "log_sums: float"}, computeAttention},
  {"RcpaAttentionGrad", {HEADS},
   {"d_mixed: float", "mixed: float", "log_sums: float", "own: float", "lengths: int32", "starts: int32",
    "prefix: float", "prefix_lengths: int32", "prompt_of: int32"},
   {"d_own: float", "d_prefix: float"}, computeAttentionGrad},
  {"RcpaChoose", {"temperature: float"}, {"logits: float", "allowed: int32", "uniforms: float"},
   {"ids: int32", "picked: float", "entropies: float"}, computeChoose},
  {"RcpaLogSoftmax", {}, {"logits: float"}, {"log_probabilities: float"}, computeLogSoftmax},
  {"RcpaPick", {}, {"logits: float", "targets: int32"}, {"picked: float", "log_sums: float"}, computePick},
  {"RcpaPickGrad", {}, {"d_picked: float", "logits: float", "targets: int32", "log_sums: float"},
   {"d_logits: float"}, computePickGrad},
  {"RcpaDivergence", {}, {"base: float", "logits: float", "weights: float"}, {"value: float", "d_logits: float"},
   computeDivergence},
  {"RcpaAdam", {}, {"weight: float", "mean: float", "square: float", "gradient: float", "constants: float"},
   {"new_weight: float", "new_mean: float", "new_square: float"}, computeAdam},
  {"RcpaSquareSum", {"N: int >= 1"}, {"x: N * float"}, {"sum: float"}, computeSquareSum},
};

#undef HEADS

constexpr int operationCount = sizeof operations / sizeof *operations;

}  // namespace
}  // namespace rcpa

// Gives TensorFlow's processor the project's fused kernels, through its C interface, as operations "Rcpa…".
// Loaded beside the binding as a module whose `register()` names what it registered, so that callers can ask.
#include <node_api.h>
#include <tensorflow/c/kernels.h>
#include <tensorflow/c/ops.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>

#include "attention.h"
#include "layers.h"

namespace rcpa {
namespace {

struct Status {
  TF_Status* status = TF_NewStatus();
  ~Status() { TF_DeleteStatus(status); }
  operator TF_Status*() const { return status; }
  bool ok() const { return TF_GetCode(status) == TF_OK; }
};

// One call of a kernel: inputs and outputs as plain arrays.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context) {}
  ~Call() {
    for (TF_Tensor* tensor : held_) TF_DeleteTensor(tensor);
  }

  int inputs() const { return TF_NumInputs(context_); }
  TF_Tensor* input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    if (tensor != nullptr) held_.push_back(tensor);
    return tensor;
  }
  template <typename T = float>
  const T* data(TF_Tensor* tensor) const {
    return static_cast<const T*>(TF_TensorData(tensor));
  }
  static ptrdiff_t size(TF_Tensor* tensor) { return TF_TensorElementCount(tensor); }
  // Null for a tensor without elements, which stands for one that is absent.
  template <typename T = float>
  const T* optional(TF_Tensor* tensor) const {
    return size(tensor) == 0 ? nullptr : data<T>(tensor);
  }
  static int columns(TF_Tensor* tensor) {
    const int rank = TF_NumDims(tensor);
    return rank == 0 ? 1 : static_cast<int>(TF_Dim(tensor, rank - 1));
  }
  static ptrdiff_t rows(TF_Tensor* tensor) { return size(tensor) / columns(tensor); }

  float* output(int index, std::initializer_list<int64_t> shape) {
    return static_cast<float*>(output(index, TF_FLOAT, shape.begin(), shape.size()));
  }
  int32_t* integers(int index, std::initializer_list<int64_t> shape) {
    return static_cast<int32_t*>(output(index, TF_INT32, shape.begin(), shape.size()));
  }
  float* outputLike(int index, TF_Tensor* tensor) {
    int64_t dims[8];
    const int rank = TF_NumDims(tensor);
    for (int i = 0; i < rank; i++) dims[i] = TF_Dim(tensor, i);
    return static_cast<float*>(output(index, TF_FLOAT, dims, rank));
  }
  void fail(const char* message) {
    TF_SetStatus(status_, TF_INVALID_ARGUMENT, message);
    TF_OpKernelContext_Failure(context_, status_);
  }

 private:
  void* output(int index, TF_DataType type, const int64_t* shape, size_t rank) {
    size_t bytes = sizeof(float);  // of an integer, too
    for (size_t i = 0; i < rank; i++) bytes *= shape[i];
    TF_Tensor* tensor = TF_AllocateOutput(context_, index, type, shape, static_cast<int>(rank), bytes, status_);
    if (tensor == nullptr) {
      TF_OpKernelContext_Failure(context_, status_);
      return nullptr;
    }
    held_.push_back(tensor);
    return TF_TensorData(tensor);
  }

  TF_OpKernelContext* context_;
  Status status_;
  std::vector<TF_Tensor*> held_;
};

// What an operation was asked for, beside its inputs.
struct Settings {
  int64_t heads = 0, kvHeads = 0, dim = 0, turned = 0, past = 0;
  float epsilon = 0, sign = 0, temperature = 0;
  bool causal = false;
};

void readInteger(TF_OpKernelConstruction* construction, const char* name, int64_t& into) {
  Status status;
  int64_t value = 0;
  TF_OpKernelConstruction_GetAttrInt64(construction, name, &value, status);
  if (status.ok()) into = value;
}

void readNumber(TF_OpKernelConstruction* construction, const char* name, float& into) {
  Status status;
  float value = 0;
  TF_OpKernelConstruction_GetAttrFloat(construction, name, &value, status);
  if (status.ok()) into = value;
}

void* readSettings(TF_OpKernelConstruction* construction) {
  auto settings = std::make_unique<Settings>();
  readInteger(construction, "heads", settings->heads);
  readInteger(construction, "kv_heads", settings->kvHeads);
  readInteger(construction, "dim", settings->dim);
  readInteger(construction, "turned", settings->turned);
  readInteger(construction, "N", settings->past);
  readNumber(construction, "epsilon", settings->epsilon);
  readNumber(construction, "sign", settings->sign);
  readNumber(construction, "temperature", settings->temperature);
  TF_Bool causal = 0;
  Status status;
  TF_OpKernelConstruction_GetAttrBool(construction, "causal", &causal, status);
  settings->causal = causal != 0;
  return settings.release();
}

void deleteSettings(void* settings) { delete static_cast<Settings*>(settings); }

using Compute = void (*)(const Settings&, Call&);

template <Compute compute>
void run(void* settings, TF_OpKernelContext* context) {
  Call call(context);
  compute(*static_cast<Settings*>(settings), call);
}

void computeRmsNorm(const Settings& settings, Call& call) {
  TF_Tensor *x = call.input(0), *gain = call.input(1);
  float* y = call.outputLike(0, x);
  float* inverses = call.output(1, {Call::rows(x)});
  if (y == nullptr || inverses == nullptr) return;
  rmsNorm(Call::rows(x), Call::columns(x), call.data(x), call.data(gain), settings.epsilon, y, inverses);
}

void computeRmsNormGrad(const Settings&, Call& call) {
  TF_Tensor *dy = call.input(0), *x = call.input(1), *gain = call.input(2), *inverses = call.input(3);
  float* dx = call.outputLike(0, x);
  float* dGain = call.outputLike(1, gain);
  if (dx == nullptr || dGain == nullptr) return;
  rmsNormBackward(Call::rows(x), Call::columns(x), call.data(dy), call.data(x), call.data(gain),
                  call.data(inverses), dx, dGain);
}

void computeSwiGlu(const Settings&, Call& call) {
  TF_Tensor* gateUp = call.input(0);
  const int dim = Call::columns(gateUp) / 2;
  float* y = call.output(0, {Call::rows(gateUp), dim});
  if (y != nullptr) swiGlu(Call::rows(gateUp), dim, call.data(gateUp), y);
}

void computeSwiGluGrad(const Settings&, Call& call) {
  TF_Tensor *dy = call.input(0), *gateUp = call.input(1);
  float* dGateUp = call.outputLike(0, gateUp);
  if (dGateUp == nullptr) return;
  swiGluBackward(Call::rows(dy), Call::columns(dy), call.data(dy), call.data(gateUp), dGateUp);
}

void computeRotateRows(const Settings& settings, Call& call) {
  TF_Tensor *x = call.input(0), *bias = call.input(1), *cos = call.input(2), *sin = call.input(3);
  const bool turns = settings.turned > 0;
  if (settings.turned * settings.dim > Call::columns(x) || (turns && Call::size(cos) != Call::rows(x) * settings.dim) ||
      (turns && Call::size(sin) != Call::size(cos)) || (Call::size(bias) != 0 && Call::size(bias) != Call::columns(x)))
    return call.fail("rotation: rows, angles and bias do not fit each other");
  float* y = call.outputLike(0, x);
  if (y == nullptr) return;
  rotateRows(Call::rows(x), Call::columns(x), static_cast<int>(settings.dim), static_cast<int>(settings.turned),
             call.data(x), call.optional(bias), call.data(cos), call.data(sin), settings.sign, y);
}

void computeSumRows(const Settings&, Call& call) {
  TF_Tensor* x = call.input(0);
  float* sums = call.output(0, {Call::columns(x)});
  if (sums != nullptr) sumRows(Call::rows(x), Call::columns(x), call.data(x), sums);
}

// Whether `list` has only whole numbers from 0 to below `limit`.
bool within(const int32_t* list, ptrdiff_t count, int64_t limit) {
  for (ptrdiff_t i = 0; i < count; i++)
    if (list[i] < 0 || list[i] >= limit) return false;
  return true;
}

// Inputs from `at`: own rows, lengths, starts, prefix, its lengths, prompts of the sequences, `past` earlier rows.
bool readShape(const Settings& settings, Call& call, int at, AttentionShape& shape, TF_Tensor*& own) {
  own = call.input(at);
  TF_Tensor *lengths = call.input(at + 1), *starts = call.input(at + 2), *prefix = call.input(at + 3);
  TF_Tensor *prefixLengths = call.input(at + 4), *promptOf = call.input(at + 5);
  shape.starts = call.data<int32_t>(starts);
  shape.batch = static_cast<int>(Call::size(starts) - 1);
  if (shape.batch < 1) {
    call.fail("attention: there is no sequence");
    return false;
  }
  shape.promptOf = call.optional<int32_t>(promptOf);
  shape.heads = static_cast<int>(settings.heads);
  shape.kvHeads = static_cast<int>(settings.kvHeads);
  shape.dim = static_cast<int>(settings.dim);
  shape.causal = settings.causal;
  shape.lengths = call.optional<int32_t>(lengths);
  shape.prefix = call.optional(prefix);
  shape.prefixLengths = call.optional<int32_t>(prefixLengths);
  shape.prompts = shape.prefix == nullptr ? shape.batch : static_cast<int>(Call::size(prefixLengths));
  shape.prefixTime = shape.prefix == nullptr ? 0 : static_cast<int>(Call::rows(prefix) / std::max(1, shape.prompts));
  for (int i = 0; i < settings.past; i++) {
    TF_Tensor* rows = call.input(at + 6 + i);
    shape.past.push_back({call.data(rows), static_cast<int>(Call::rows(rows) / shape.batch)});
  }
  bool fits = Call::columns(own) == shape.width() && shape.prompts > 0;
  fits = fits && (shape.promptOf ? Call::size(promptOf) == shape.batch && within(shape.promptOf, shape.batch, shape.prompts)
                                 : shape.batch % shape.prompts == 0);
  shape.longest = 0;
  for (int sequence = 0; sequence < shape.batch; sequence++) {
    const int rows = shape.rowsOf(sequence);
    fits = fits && rows >= 0 && (shape.lengths == nullptr || (shape.lengths[sequence] >= 0 && shape.lengths[sequence] <= rows));
    shape.longest = std::max(shape.longest, rows);
  }
  fits = fits && shape.starts[0] == 0 && shape.starts[shape.batch] == Call::rows(own);
  fits = fits && (shape.lengths == nullptr || Call::size(lengths) == shape.batch);
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
  TF_Tensor* own;
  if (!readShape(settings, call, 0, shape, own)) return;
  const int64_t rows = Call::rows(own);
  float* mixed = call.output(0, {rows, static_cast<int64_t>(shape.heads) * shape.dim});
  float* logSums = call.output(1, {rows, shape.heads});
  if (mixed == nullptr || logSums == nullptr) return;
  const auto pass = shape.longest == 1 && isUsualSize(shape.dim) ? attendSingle : attend;
  pass(shape, call.data(own), mixed, logSums, scratch());
}

void computeAttentionGrad(const Settings& settings, Call& call) {
  TF_Tensor *dMixed = call.input(0), *mixed = call.input(1), *logSums = call.input(2);
  AttentionShape shape;
  TF_Tensor* own;
  if (!readShape(settings, call, 3, shape, own)) return;
  TF_Tensor* prefix = call.input(6);
  float* dOwn = call.outputLike(0, own);
  float* dPrefix = call.outputLike(1, prefix);
  if (dOwn == nullptr || dPrefix == nullptr) return;
  std::memset(dOwn, 0, sizeof(float) * Call::size(own));
  std::memset(dPrefix, 0, sizeof(float) * Call::size(prefix));
  attendBackward(shape, call.data(dMixed), call.data(own), call.data(mixed), call.data(logSums), dOwn, dPrefix,
                 scratch());
}

void computeChoose(const Settings& settings, Call& call) {
  TF_Tensor *logits = call.input(0), *allowed = call.input(1), *uniforms = call.input(2);
  const ptrdiff_t rows = Call::rows(logits);
  const int vocab = Call::columns(logits);
  if (Call::size(allowed) != vocab || Call::size(uniforms) != rows)
    return call.fail("choosing tokens takes a flag for each token of the vocabulary and a number for each row");
  const int32_t* flags = call.data<int32_t>(allowed);
  bool any = false;
  for (int j = 0; j < vocab; j++) any = any || flags[j] == 1;
  if (!any) return call.fail("no token may be chosen");
  int32_t* ids = call.integers(0, {rows});
  float* picked = call.output(1, {rows});
  float* entropies = call.output(2, {rows});
  if (ids == nullptr || picked == nullptr || entropies == nullptr) return;
  chooseTokens(rows, vocab, call.data(logits), flags, call.data(uniforms), settings.temperature, ids, picked, entropies,
               scratch());
}

void computeLogSoftmax(const Settings&, Call& call) {
  TF_Tensor* logits = call.input(0);
  float* result = call.outputLike(0, logits);
  if (result != nullptr) logSoftmax(Call::rows(logits), Call::columns(logits), call.data(logits), result);
}

void computePick(const Settings&, Call& call) {
  TF_Tensor *logits = call.input(0), *targets = call.input(1);
  const ptrdiff_t rows = Call::rows(logits);
  const int vocab = Call::columns(logits);
  const int32_t* ids = call.data<int32_t>(targets);
  for (ptrdiff_t row = 0; row < rows; row++)
    if (ids[row] < 0 || ids[row] >= vocab) return call.fail("a target lies outside of the vocabulary");
  float* picked = call.output(0, {rows});
  float* logSums = call.output(1, {rows});
  if (picked == nullptr || logSums == nullptr) return;
  pickLogProbabilities(rows, vocab, call.data(logits), ids, picked, logSums);
}

void computePickGrad(const Settings&, Call& call) {
  TF_Tensor *dPicked = call.input(0), *logits = call.input(1), *targets = call.input(2), *logSums = call.input(3);
  float* dLogits = call.outputLike(0, logits);
  if (dLogits == nullptr) return;
  pickLogProbabilitiesBackward(Call::rows(logits), Call::columns(logits), call.data(dPicked), call.data(logits),
                               call.data<int32_t>(targets), call.data(logSums), dLogits);
}

void computeDivergence(const Settings&, Call& call) {
  TF_Tensor *base = call.input(0), *logits = call.input(1), *weights = call.input(2);
  float* value = call.output(0, {});
  float* dLogits = call.outputLike(1, logits);
  if (value == nullptr || dLogits == nullptr) return;
  *value = divergence(Call::rows(logits), Call::columns(logits), call.data(base), call.data(logits),
                      call.data(weights), dLogits);
}

void computeAdam(const Settings&, Call& call) {
  TF_Tensor *weight = call.input(0), *mean = call.input(1), *square = call.input(2), *gradient = call.input(3);
  AdamConstants constants;
  std::memcpy(&constants, call.data(call.input(4)), sizeof constants);
  float* newWeight = call.outputLike(0, weight);
  float* newMean = call.outputLike(1, weight);
  float* newSquare = call.outputLike(2, weight);
  if (newWeight == nullptr || newMean == nullptr || newSquare == nullptr) return;
  adam(Call::size(weight), call.data(weight), call.data(mean), call.data(square), call.data(gradient), constants,
       newWeight, newMean, newSquare);
}

void computeSquareSum(const Settings&, Call& call) {
  double total = 0;
  for (int i = 0; i < call.inputs(); i++) {
    TF_Tensor* x = call.input(i);
    total += squareSum(Call::size(x), call.data(x));
  }
  if (float* value = call.output(0, {})) *value = static_cast<float>(total);
}

struct Operation {
  const char* name;
  std::vector<const char*> attributes;
  std::vector<const char*> inputs;
  std::vector<const char*> outputs;
  void (*run)(void*, TF_OpKernelContext*);
};

const char* const heads[] = {"heads: int", "kv_heads: int", "dim: int", "causal: bool"};

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all = {
      {"RcpaRmsNorm", {"epsilon: float"}, {"x: float", "gain: float"}, {"y: float", "inverses: float"},
       run<computeRmsNorm>},
      {"RcpaRmsNormGrad", {}, {"dy: float", "x: float", "gain: float", "inverses: float"},
       {"dx: float", "d_gain: float"}, run<computeRmsNormGrad>},
      {"RcpaSwiGlu", {}, {"gate_up: float"}, {"y: float"}, run<computeSwiGlu>},
      {"RcpaSwiGluGrad", {}, {"dy: float", "gate_up: float"}, {"d_gate_up: float"}, run<computeSwiGluGrad>},
      {"RcpaRotateRows", {"dim: int", "turned: int", "sign: float"},
       {"x: float", "bias: float", "cos: float", "sin: float"}, {"y: float"}, run<computeRotateRows>},
      {"RcpaSumRows", {}, {"x: float"}, {"sums: float"}, run<computeSumRows>},
      {"RcpaAttention", {heads[0], heads[1], heads[2], heads[3], "N: int >= 0"},
       {"own: float", "lengths: int32", "starts: int32", "prefix: float", "prefix_lengths: int32", "prompt_of: int32",
        "past: N * float"},
       {"mixed: float", "log_sums: float"}, run<computeAttention>},
      {"RcpaAttentionGrad", {heads[0], heads[1], heads[2], heads[3]},
       {"d_mixed: float", "mixed: float", "log_sums: float", "own: float", "lengths: int32", "starts: int32",
        "prefix: float", "prefix_lengths: int32", "prompt_of: int32"},
       {"d_own: float", "d_prefix: float"}, run<computeAttentionGrad>},
      {"RcpaChoose", {"temperature: float"}, {"logits: float", "allowed: int32", "uniforms: float"},
       {"ids: int32", "picked: float", "entropies: float"}, run<computeChoose>},
      {"RcpaLogSoftmax", {}, {"logits: float"}, {"log_probabilities: float"}, run<computeLogSoftmax>},
      {"RcpaPick", {}, {"logits: float", "targets: int32"}, {"picked: float", "log_sums: float"}, run<computePick>},
      {"RcpaPickGrad", {}, {"d_picked: float", "logits: float", "targets: int32", "log_sums: float"},
       {"d_logits: float"}, run<computePickGrad>},
      {"RcpaDivergence", {}, {"base: float", "logits: float", "weights: float"}, {"value: float", "d_logits: float"},
       run<computeDivergence>},
      {"RcpaAdam", {}, {"weight: float", "mean: float", "square: float", "gradient: float", "constants: float"},
       {"new_weight: float", "new_mean: float", "new_square: float"}, run<computeAdam>},
      {"RcpaSquareSum", {"N: int >= 1"}, {"x: N * float"}, {"sum: float"}, run<computeSquareSum>},
  };
  return all;
}

void unknownShapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

// Null, or what went wrong.
std::string define(const Operation& operation) {
  Status status;
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(operation.name);
  for (const char* one : operation.attributes) TF_OpDefinitionBuilderAddAttr(definition, one);
  for (const char* one : operation.inputs) TF_OpDefinitionBuilderAddInput(definition, one);
  for (const char* one : operation.outputs) TF_OpDefinitionBuilderAddOutput(definition, one);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, unknownShapes);
  TF_RegisterOpDefinition(definition, status);
  if (!status.ok()) return TF_Message(status);
  TF_KernelBuilder* kernel =
      TF_NewKernelBuilder(operation.name, "CPU", readSettings, operation.run, deleteSettings);
  TF_RegisterKernelBuilder(operation.name, kernel, status);
  return status.ok() ? "" : TF_Message(status);
}

}  // namespace
}  // namespace rcpa

// register(): the names of all operations; throws when TensorFlow refuses one.
static napi_value Register(napi_env env, napi_callback_info) {
  static bool registered = false;
  napi_value names;
  napi_create_array(env, &names);
  uint32_t count = 0;
  for (const auto& operation : rcpa::operations()) {
    const std::string problem = registered ? "" : rcpa::define(operation);
    if (!problem.empty()) {
      napi_throw_error(env, nullptr, (std::string(operation.name) + ": " + problem).c_str());
      return nullptr;
    }
    napi_value name;
    napi_create_string_utf8(env, operation.name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, count++, name);
  }
  registered = true;
  return names;
}

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "register", NAPI_AUTO_LENGTH, Register, nullptr, &function) == napi_ok)
    napi_set_named_property(env, exports, "register", function);
  return exports;
}

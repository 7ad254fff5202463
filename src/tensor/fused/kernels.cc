// Gives TensorFlow's processor the project's fused kernels, through its C interface.
// Loaded beside the binding as a module whose `register()` names what it registered, so that callers can ask; `turn()`
// is for weights on their way to the device.
#include <node_api.h>
#include <tensorflow/c/kernels.h>
#include <tensorflow/c/ops.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "operations.h"
#include "turn.h"

namespace rcpa {
namespace {

struct Status {
  TF_Status* status = TF_NewStatus();
  ~Status() { TF_DeleteStatus(status); }
  operator TF_Status*() const { return status; }
  bool ok() const { return TF_GetCode(status) == TF_OK; }
};

class TensorflowCall final : public Call {
 public:
  explicit TensorflowCall(TF_OpKernelContext* context) : context_(context) {}
  ~TensorflowCall() {
    for (TF_Tensor* tensor : held_) TF_DeleteTensor(tensor);
  }

  int inputs() const override { return TF_NumInputs(context_); }
  Array input(int index) override {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    Array array;
    if (tensor == nullptr) return array;
    held_.push_back(tensor);
    array.address = TF_TensorData(tensor);
    array.rank = std::min(TF_NumDims(tensor), Array::MOST_DIMS);
    for (int i = 0; i < array.rank; i++) array.dims[i] = TF_Dim(tensor, i);
    return array;
  }
  void fail(const char* message) override {
    TF_SetStatus(status_, TF_INVALID_ARGUMENT, message);
    TF_OpKernelContext_Failure(context_, status_);
  }

 private:
  void* allocate(int index, bool integer, const int64_t* shape, int rank) override {
    size_t bytes = sizeof(float);  // of an integer, too
    for (int i = 0; i < rank; i++) bytes *= shape[i];
    const TF_DataType type = integer ? TF_INT32 : TF_FLOAT;
    TF_Tensor* tensor = TF_AllocateOutput(context_, index, type, shape, rank, bytes, status_);
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

template <int index>
void run(void* settings, TF_OpKernelContext* context) {
  TensorflowCall call(context);
  operations[index].compute(*static_cast<Settings*>(settings), call);
}

void unknownShapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

// Empty, or what went wrong.
std::string define(const Operation& operation, void (*compute)(void*, TF_OpKernelContext*)) {
  Status status;
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(operation.name);
  for (auto one = operation.attributes; *one != nullptr; one++) TF_OpDefinitionBuilderAddAttr(definition, *one);
  for (auto one = operation.inputs; *one != nullptr; one++) TF_OpDefinitionBuilderAddInput(definition, *one);
  for (auto one = operation.outputs; *one != nullptr; one++) TF_OpDefinitionBuilderAddOutput(definition, *one);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, unknownShapes);
  TF_RegisterOpDefinition(definition, status);
  if (!status.ok()) return TF_Message(status);
  TF_KernelBuilder* kernel =
      TF_NewKernelBuilder(operation.name, "CPU", readSettings, compute, deleteSettings);
  TF_RegisterKernelBuilder(operation.name, kernel, status);
  return status.ok() ? "" : TF_Message(status);
}

// The first thing that went wrong, or nothing.
template <int... indices>
std::string defineAll(std::integer_sequence<int, indices...>) {
  std::string problem;
  const auto add = [&](int index, void (*compute)(void*, TF_OpKernelContext*)) {
    if (!problem.empty()) return;
    const std::string own = define(operations[index], compute);
    if (!own.empty()) problem = std::string(operations[index].name) + ": " + own;
  };
  (add(indices, run<indices>), ...);
  return problem;
}

}  // namespace
}  // namespace rcpa

// register(): the names of all operations; throws when TensorFlow refuses one.
static napi_value Register(napi_env env, napi_callback_info) {
  static bool registered = false;
  if (!registered) {
    const std::string problem = rcpa::defineAll(std::make_integer_sequence<int, rcpa::operationCount>());
    if (!problem.empty()) {
      napi_throw_error(env, nullptr, problem.c_str());
      return nullptr;
    }
  }
  registered = true;
  napi_value names;
  napi_create_array(env, &names);
  uint32_t count = 0;
  for (const auto& operation : rcpa::operations) {
    napi_value name;
    napi_create_string_utf8(env, operation.name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, count++, name);
  }
  return names;
}

// The numbers of a Float32Array; throws for anything else.
static float* numbersOf(napi_env env, napi_value value, size_t* count) {
  napi_typedarray_type type;
  void* data = nullptr;
  const napi_status status = napi_get_typedarray_info(env, value, &type, count, &data, nullptr, nullptr);
  if (status == napi_ok && type == napi_float32_array) return static_cast<float*>(data);
  napi_throw_type_error(env, nullptr, "turn() takes Float32Arrays");
  return nullptr;
}

// turn(from, rows, depth, to, width, offset): a [rows, depth] matrix into columns from `offset` of a [depth, width] one.
static napi_value Turn(napi_env env, napi_callback_info info) {
  size_t given = 6;
  napi_value values[6];
  napi_get_cb_info(env, info, &given, values, nullptr, nullptr);
  int64_t rows = -1, depth = -1, width = -1, offset = -1;
  if (given == 6) {
    napi_get_value_int64(env, values[1], &rows);
    napi_get_value_int64(env, values[2], &depth);
    napi_get_value_int64(env, values[4], &width);
    napi_get_value_int64(env, values[5], &offset);
  }
  size_t fromCount = 0, toCount = 0;
  const float* from = given == 6 ? numbersOf(env, values[0], &fromCount) : nullptr;
  float* to = given == 6 ? numbersOf(env, values[3], &toCount) : nullptr;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) return nullptr;
  const bool fits = rows >= 0 && depth >= 0 && offset >= 0 && offset + rows <= width &&
                    static_cast<size_t>(rows * depth) <= fromCount && static_cast<size_t>(depth * width) <= toCount;
  if (!fits) napi_throw_range_error(env, nullptr, "turn(): the matrices do not fit each other");
  else rcpa::turn(rows, depth, from, width, to + offset);
  return nullptr;
}

NAPI_MODULE_INIT() {
  const struct {
    const char* name;
    napi_callback call;
  } functions[] = {{"register", Register}, {"turn", Turn}};
  for (const auto& [name, call] : functions) {
    napi_value function;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function) == napi_ok)
      napi_set_named_property(env, exports, name, function);
  }
  return exports;
}

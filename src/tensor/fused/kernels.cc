// Gives TensorFlow's processor the project's fused kernels, through its C interface.
// Loaded beside the binding as a module whose `register()` names what it registered, so that callers can ask.
#include <node_api.h>
#include <tensorflow/c/kernels.h>
#include <tensorflow/c/ops.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "operations.h"

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

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "register", NAPI_AUTO_LENGTH, Register, nullptr, &function) == napi_ok)
    napi_set_named_property(env, exports, "register", function);
  return exports;
}

// Gives tfjs's WebAssembly engine the project's fused kernels: a module that works in the engine's own memory.
// It brings no library of its own; wasm-fused.ts gives it memory and a logarithm.
#include <new>

#include "operations.h"

#define IMPORT(name) extern "C" __attribute__((import_module("env"), import_name(#name)))
#define EXPORT extern "C" __attribute__((visibility("default"), used))

IMPORT(rcpa_take) void* rcpa_take(size_t bytes);
IMPORT(rcpa_give) void rcpa_give(void* memory);
// Makes an output; its address.
IMPORT(rcpa_output) void* rcpa_output(int index, int integer, const int* shape, int rank);
IMPORT(rcpa_fail) void rcpa_fail(const char* message);

void* operator new(size_t bytes) { return rcpa_take(bytes); }
void operator delete(void* memory) noexcept { rcpa_give(memory); }
void operator delete(void* memory, size_t) noexcept { rcpa_give(memory); }

// What the compiler calls where something cannot be.
extern "C" void __cxa_pure_virtual() { __builtin_trap(); }
namespace std {
inline namespace __1 {
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) noexcept { __builtin_trap(); }
}  // namespace __1
}  // namespace std

namespace rcpa {
namespace {

// As wasm-fused.ts writes them.
struct WrittenInput {
  const void* address;
  int rank;
  int dims[Array::MOST_DIMS];
};
struct WrittenSettings {
  int heads, kvHeads, dim, turned, past, causal;
  float epsilon, sign, temperature;
};

class WasmCall final : public Call {
 public:
  WasmCall(const WrittenInput* inputs, int count) : inputs_(inputs), count_(count) {}

  int inputs() const override { return count_; }
  Array input(int index) override {
    const WrittenInput& written = inputs_[index];
    Array array;
    array.address = written.address;
    array.rank = written.rank;
    for (int i = 0; i < written.rank; i++) array.dims[i] = written.dims[i];
    return array;
  }
  void fail(const char* message) override { rcpa_fail(message); }

 private:
  void* allocate(int index, bool integer, const int64_t* shape, int rank) override {
    int dims[Array::MOST_DIMS];
    for (int i = 0; i < rank; i++) dims[i] = static_cast<int>(shape[i]);
    return rcpa_output(index, integer, dims, rank);
  }

  const WrittenInput* inputs_;
  int count_;
};

}  // namespace
}  // namespace rcpa

EXPORT int rcpa_operations() { return rcpa::operationCount; }
EXPORT const char* rcpa_name(int operation) { return rcpa::operations[operation].name; }

EXPORT void rcpa_run(int operation, const rcpa::WrittenInput* inputs, int count,
                     const rcpa::WrittenSettings* written) {
  rcpa::Settings settings;
  settings.heads = written->heads;
  settings.kvHeads = written->kvHeads;
  settings.dim = written->dim;
  settings.turned = written->turned;
  settings.past = written->past;
  settings.causal = written->causal != 0;
  settings.epsilon = written->epsilon;
  settings.sign = written->sign;
  settings.temperature = written->temperature;
  rcpa::WasmCall call(inputs, count);
  rcpa::operations[operation].compute(settings, call);
}

// A module of its own beside the binding: keeps TensorFlow's start-up chatter off standard error.
// The library logs from its static initialisers, before any log level can be set, so `mute` turns file
// descriptor 2 away while it is loaded; `unmute` turns it back and then sets the level for what follows.
#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <cstdlib>

static int saved = -1;

static napi_value Mute(napi_env, napi_callback_info) {
  if (saved >= 0 || (saved = dup(STDERR_FILENO)) < 0) return nullptr;
  int nowhere = open("/dev/null", O_WRONLY);
  if (nowhere >= 0) {
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
  }
  return nullptr;
}

// The symbol is looked up by name: with another Abseil inside the library the chatter of later starts stays.
static void SetLogLevel() {
  const char* name = "_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE";
  void* library = dlopen("libtensorflow_framework.so.2", RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return;
  auto set = reinterpret_cast<void (*)(int)>(dlsym(library, name));
  const char* wanted = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  if (set != nullptr) set(wanted ? std::atoi(wanted) : 2);
  dlclose(library);
}

static napi_value Unmute(napi_env, napi_callback_info) {
  if (saved < 0) return nullptr;
  dup2(saved, STDERR_FILENO);
  close(saved);
  saved = -1;
  SetLogLevel();
  return nullptr;
}

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "mute", NAPI_AUTO_LENGTH, Mute, nullptr, &function) == napi_ok)
    napi_set_named_property(env, exports, "mute", function);
  if (napi_create_function(env, "unmute", NAPI_AUTO_LENGTH, Unmute, nullptr, &function) == napi_ok)
    napi_set_named_property(env, exports, "unmute", function);
  return exports;
}

// The eight entry points. Arguments are checked here; what a plan means is no business of this file.
#include <node_api.h>

#include <cmath>
#include <cstring>
#include <dnnl.hpp>
#include <memory>
#include <string>
#include <vector>

#include "executable.h"
#include "kernels/kernels.h"
#include "worker.h"

namespace fovea {

namespace {

struct ArgumentError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Staging {
  std::vector<Block> feeds;
};

/// What handles point to. Jobs hold it too, so that dispose during a run does no harm.
struct Shared {
  std::shared_ptr<Worker> worker;
  dnnl::engine engine;
  std::shared_ptr<Variables> variables;
  std::unique_ptr<Executable> executable;
  /// Feeds are copied in at call time; free sets of memory for that. On the event loop only.
  std::vector<std::unique_ptr<Staging>> free;
};

enum class Kind { engine, variables, executable };

struct Handle {
  Kind kind;
  std::shared_ptr<Shared> shared;
};

const napi_type_tag kTag = {0x6f6e65646e6e2e66ULL, 0x6f7665612e313032ULL};

void check(napi_status status, const char *what) {
  if (status != napi_ok) throw ArgumentError(what);
}

napi_value wrap(napi_env env, Kind kind, std::shared_ptr<Shared> shared) {
  napi_value object;
  check(napi_create_object(env, &object), "no object");
  auto handle = std::make_unique<Handle>(Handle{kind, std::move(shared)});
  check(napi_wrap(env, object, handle.get(), [](napi_env, void *data, void *) { delete static_cast<Handle *>(data); },
                  nullptr, nullptr),
        "no handle");
  handle.release();
  check(napi_type_tag_object(env, object, &kTag), "no tag");
  return object;
}

Handle &unwrap(napi_env env, napi_value value) {
  bool tagged = false;
  napi_valuetype type;
  check(napi_typeof(env, value, &type), "a handle is needed");
  if (type != napi_object || napi_check_object_type_tag(env, value, &kTag, &tagged) != napi_ok || !tagged)
    throw ArgumentError("a handle is needed");
  void *data = nullptr;
  check(napi_unwrap(env, value, &data), "a handle is needed");
  return *static_cast<Handle *>(data);
}

std::shared_ptr<Shared> sharedOf(napi_env env, napi_value value, Kind kind) {
  Handle &handle = unwrap(env, value);
  if (handle.kind != kind) throw ArgumentError("a handle of another kind is needed");
  if (!handle.shared) throw ArgumentError("it is already disposed of");
  return handle.shared;
}

double numberOf(napi_env env, napi_value value) {
  double x;
  check(napi_get_value_double(env, value, &x), "a number is needed");
  return x;
}

int wholeOf(napi_env env, napi_value value, int low, int high) {
  const double x = numberOf(env, value);
  if (!(x >= low && x <= high) || x != std::floor(x)) throw ArgumentError("a whole number is out of range");
  return int(x);
}

size_t lengthOf(napi_env env, napi_value array) {
  uint32_t n;
  check(napi_get_array_length(env, array, &n), "an array is needed");
  return n;
}

napi_value elementOf(napi_env env, napi_value array, size_t i) {
  napi_value value;
  check(napi_get_element(env, array, uint32_t(i), &value), "an element is missing");
  return value;
}

struct Bytes {
  const char *data;
  size_t size;
};

size_t elementSize(napi_typedarray_type type) {
  switch (type) {
    case napi_int16_array:
    case napi_uint16_array: return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array: return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array: return 8;
    default: return 1;
  }
}

Bytes bytesOf(napi_env env, napi_value value) {
  bool typed = false;
  check(napi_is_typedarray(env, value, &typed), "a typed array is needed");
  if (!typed) throw ArgumentError("a typed array is needed");
  napi_typedarray_type type;
  size_t length;
  void *data;
  check(napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr), "a typed array is needed");
  return {static_cast<const char *>(data), length * elementSize(type)};
}

napi_value textOf(napi_env env, const std::string &text) {
  napi_value value;
  check(napi_create_string_utf8(env, text.data(), text.size(), &value), "no string");
  return value;
}

napi_value numberValue(napi_env env, double x) {
  napi_value value;
  check(napi_create_double(env, x, &value), "no number");
  return value;
}

void set(napi_env env, napi_value object, const char *name, napi_value value) {
  check(napi_set_named_property(env, object, name, value), "no property");
}

napi_value buffersOf(napi_env env, const std::vector<std::vector<char>> &list) {
  napi_value array;
  check(napi_create_array_with_length(env, list.size(), &array), "no array");
  for (size_t i = 0; i < list.size(); i++) {
    void *data;
    napi_value buffer;
    check(napi_create_arraybuffer(env, list[i].size(), &data, &buffer), "not enough memory");
    if (!list[i].empty()) std::memcpy(data, list[i].data(), list[i].size());
    check(napi_set_element(env, array, uint32_t(i), buffer), "no element");
  }
  return array;
}

const char *isaName() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41: return "SSE4.1";
    case dnnl::cpu_isa::avx: return "AVX";
    case dnnl::cpu_isa::avx2: return "AVX2";
    case dnnl::cpu_isa::avx2_vnni: return "AVX2 VNNI";
    case dnnl::cpu_isa::avx512_core: return "AVX-512";
    case dnnl::cpu_isa::avx512_core_vnni: return "AVX-512 VNNI";
    case dnnl::cpu_isa::avx512_core_bf16: return "AVX-512 BF16";
    case dnnl::cpu_isa::avx512_core_amx: return "AMX";
    default: return "default";
  }
}

bool hasBf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

/// info(): { version, isa, kernels, bf16 }.
napi_value info(napi_env env, const std::vector<napi_value> &) {
  const auto *v = dnnl::version();
  napi_value object, flag;
  check(napi_create_object(env, &object), "no object");
  set(env, object, "version",
      textOf(env, std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch)));
  set(env, object, "isa", textOf(env, isaName()));
  set(env, object, "kernels", textOf(env, kernels().isa));
  check(napi_get_boolean(env, hasBf16(), &flag), "no boolean");
  set(env, object, "bf16", flag);
  return object;
}

/// create(threads): an engine.
napi_value create(napi_env env, const std::vector<napi_value> &args) {
  auto shared = std::make_shared<Shared>();
  shared->worker = std::make_shared<Worker>(env, wholeOf(env, args.at(0), 1, 1024));
  shared->engine = dnnl::engine(dnnl::engine::kind::cpu, 0);
  return wrap(env, Kind::engine, std::move(shared));
}

ValueSpec typeOf(napi_env env, napi_value value) {
  ValueSpec spec{};
  spec.source = Source::variable;
  const size_t n = lengthOf(env, value);
  if (n < 1 || n > 13) throw ArgumentError("a type is [dtype, ...shape]");
  spec.dtype = DType(wholeOf(env, elementOf(env, value, 0), 0, 4));
  for (size_t i = 1; i < n; i++) spec.shape.push_back(wholeOf(env, elementOf(env, value, i), 0, 1 << 30));
  double count = 1;
  for (auto s : spec.shape) count *= double(s);
  if (count > 1e12) throw ArgumentError("a variable is too large");
  return spec;
}

/// createVariables(engine, [[dtype, ...shape]], [array]): a promise of variables.
napi_value createVariables(napi_env env, const std::vector<napi_value> &args) {
  const auto engine = sharedOf(env, args.at(0), Kind::engine);
  auto shared = std::make_shared<Shared>();
  shared->worker = engine->worker;
  shared->engine = engine->engine;
  shared->variables = std::make_shared<Variables>();
  const size_t n = lengthOf(env, args.at(1));
  if (lengthOf(env, args.at(2)) != n) throw ArgumentError("types and values must match");
  for (size_t i = 0; i < n; i++) {
    auto variable = makeVariable(typeOf(env, elementOf(env, args[1], i)));
    const Bytes bytes = bytesOf(env, elementOf(env, args[2], i));
    if (bytes.size != byteSize(variable->spec)) throw ArgumentError("a value has another size than its type");
    if (bytes.size > 0) std::memcpy(variable->block.data(), bytes.data, bytes.size);
    shared->variables->list.push_back(std::move(variable));
  }
  auto job = std::make_unique<Job>();
  job->work = [] {};
  job->result = [shared](napi_env e) { return wrap(e, Kind::variables, shared); };
  return engine->worker->submit(env, std::move(job));
}

napi_value stepsOf(napi_env env, const Executable &exe) {
  napi_value array;
  check(napi_create_array(env, &array), "no array");
  uint32_t i = 0;
  for (const Step &step : exe.steps()) {
    napi_value row;
    check(napi_create_object(env, &row), "no object");
    set(env, row, "step", numberValue(env, step.spec));
    set(env, row, "kernel", textOf(env, step.kernel));
    check(napi_set_element(env, array, i++, row), "no element");
  }
  return array;
}

/// compile(variables, ops, plan, constants): a promise of { handle, steps, arenaBytes }.
napi_value compile(napi_env env, const std::vector<napi_value> &args) {
  const auto variables = sharedOf(env, args.at(0), Kind::variables);
  std::vector<std::string> ops(lengthOf(env, args.at(1)));
  for (size_t i = 0; i < ops.size(); i++) {
    char text[64];
    size_t n;
    check(napi_get_value_string_utf8(env, elementOf(env, args[1], i), text, sizeof text, &n), "an op's name is needed");
    ops[i].assign(text, n);
  }
  const Bytes plan = bytesOf(env, args.at(2));
  if (plan.size % sizeof(double) != 0) throw ArgumentError("the plan must be a Float64Array");
  auto numbers = std::make_shared<std::vector<double>>(plan.size / sizeof(double));
  if (plan.size > 0) std::memcpy(numbers->data(), plan.data, plan.size);
  auto constants = std::make_shared<std::vector<ConstantData>>(lengthOf(env, args.at(3)));
  for (size_t i = 0; i < constants->size(); i++) {
    const napi_value value = elementOf(env, args[3], i);
    napi_valuetype type;
    check(napi_typeof(env, value, &type), "a constant is needed");
    auto &constant = (*constants)[i];
    if (type == napi_number) {
      constant.isSplat = true;
      constant.splat = numberOf(env, value);
    } else {
      const Bytes bytes = bytesOf(env, value);
      constant.bytes.assign(bytes.data, bytes.data + bytes.size);
    }
  }
  auto shared = std::make_shared<Shared>();
  shared->worker = variables->worker;
  shared->engine = variables->engine;
  shared->variables = variables->variables;
  auto job = std::make_unique<Job>();
  job->work = [=] {
    Plan read = readPlan(numbers->data(), numbers->size(), ops.size(), shared->variables->list.size(), constants->size());
    shared->executable =
        std::make_unique<Executable>(std::move(read), ops, std::move(*constants), shared->variables, shared->engine);
  };
  job->result = [shared](napi_env e) {
    napi_value object;
    check(napi_create_object(e, &object), "no object");
    set(e, object, "handle", wrap(e, Kind::executable, shared));
    set(e, object, "steps", stepsOf(e, *shared->executable));
    set(e, object, "arenaBytes", numberValue(e, double(shared->executable->arenaBytes())));
    return object;
  };
  return shared->worker->submit(env, std::move(job));
}

/// run(executable, [array], profile): a promise of { outputs: [ArrayBuffer], micros? }.
napi_value run(napi_env env, const std::vector<napi_value> &args) {
  const auto shared = sharedOf(env, args.at(0), Kind::executable);
  Executable &exe = *shared->executable;
  const size_t feeds = size_t(exe.plan().feeds);
  if (lengthOf(env, args.at(1)) != feeds) throw ArgumentError("the program takes another number of feeds");
  bool profile = false;
  check(napi_get_value_bool(env, args.at(2), &profile), "a boolean is needed");
  std::shared_ptr<Staging> staging;
  if (shared->free.empty()) {
    staging = std::make_shared<Staging>();
    for (size_t i = 0; i < feeds; i++) staging->feeds.emplace_back(exe.feedBytes(int(i)));
  } else {
    staging = std::move(shared->free.back());
    shared->free.pop_back();
  }
  for (size_t i = 0; i < feeds; i++) {
    const Bytes bytes = bytesOf(env, elementOf(env, args[1], i));
    if (bytes.size != exe.feedBytes(int(i))) throw ArgumentError("a feed has another size than the program says");
    if (bytes.size > 0) std::memcpy(staging->feeds[i].data(), bytes.data, bytes.size);
  }
  struct Results {
    std::vector<std::vector<char>> outputs;
    std::vector<double> micros;
  };
  auto results = std::make_shared<Results>();
  for (size_t i = 0; i < exe.plan().outputs.size(); i++) results->outputs.emplace_back(exe.outputBytes(i));
  auto job = std::make_unique<Job>();
  job->work = [shared, staging, results, profile] {
    std::vector<char *> in, out;
    for (auto &block : staging->feeds) in.push_back(block.data());
    for (auto &bytes : results->outputs) out.push_back(bytes.data());
    shared->executable->run(in, out, profile ? &results->micros : nullptr);
  };
  job->result = [shared, staging, results, profile](napi_env e) {
    auto back = std::make_unique<Staging>();
    back->feeds = std::move(staging->feeds);
    shared->free.push_back(std::move(back));
    napi_value object;
    check(napi_create_object(e, &object), "no object");
    set(e, object, "outputs", buffersOf(e, results->outputs));
    if (profile) {
      napi_value array;
      check(napi_create_array(e, &array), "no array");
      for (size_t i = 0; i < results->micros.size(); i++)
        check(napi_set_element(e, array, uint32_t(i), numberValue(e, results->micros[i])), "no element");
      set(e, object, "micros", array);
    }
    return object;
  };
  return shared->worker->submit(env, std::move(job));
}

std::vector<size_t> indicesOf(napi_env env, napi_value array, const Variables &variables) {
  std::vector<size_t> list(lengthOf(env, array));
  for (size_t i = 0; i < list.size(); i++)
    list[i] = size_t(wholeOf(env, elementOf(env, array, i), 0, int(variables.list.size()) - 1));
  return list;
}

/// read(variables, [index]): a promise of [ArrayBuffer].
napi_value read(napi_env env, const std::vector<napi_value> &args) {
  const auto shared = sharedOf(env, args.at(0), Kind::variables);
  const auto indices = indicesOf(env, args.at(1), *shared->variables);
  auto out = std::make_shared<std::vector<std::vector<char>>>();
  for (size_t i : indices) out->emplace_back(byteSize(shared->variables->list[i]->spec));
  auto job = std::make_unique<Job>();
  job->work = [=] {
    for (size_t i = 0; i < indices.size(); i++)
      readVariable(*shared->variables->list[indices[i]], (*out)[i].data(), shared->engine);
  };
  job->result = [out](napi_env e) { return buffersOf(e, *out); };
  return shared->worker->submit(env, std::move(job));
}

/// write(variables, [index], [array]): a promise.
napi_value write(napi_env env, const std::vector<napi_value> &args) {
  const auto shared = sharedOf(env, args.at(0), Kind::variables);
  const auto indices = indicesOf(env, args.at(1), *shared->variables);
  if (lengthOf(env, args.at(2)) != indices.size()) throw ArgumentError("indices and values must match");
  auto in = std::make_shared<std::vector<std::vector<char>>>();
  for (size_t i = 0; i < indices.size(); i++) {
    const Bytes bytes = bytesOf(env, elementOf(env, args[2], i));
    if (bytes.size != byteSize(shared->variables->list[indices[i]]->spec))
      throw ArgumentError("a value has another size than its variable");
    in->emplace_back(bytes.data, bytes.data + bytes.size);
  }
  auto job = std::make_unique<Job>();
  job->work = [=] {
    for (size_t i = 0; i < indices.size(); i++)
      writeVariable(*shared->variables->list[indices[i]], (*in)[i].data(), shared->engine);
    shared->variables->generation++;
  };
  job->result = [](napi_env) { return nullptr; };
  return shared->worker->submit(env, std::move(job));
}

/// dispose(handle): lets go. What runs, or is queued, still finishes.
napi_value dispose(napi_env env, const std::vector<napi_value> &args) {
  Handle &handle = unwrap(env, args.at(0));
  if (handle.shared && handle.kind == Kind::engine) handle.shared->worker->stop();
  handle.shared.reset();
  return nullptr;
}

using Entry = napi_value (*)(napi_env, const std::vector<napi_value> &);

template <Entry entry>
napi_value guarded(napi_env env, napi_callback_info callback) {
  std::vector<napi_value> args(8);
  size_t count = args.size();
  napi_get_cb_info(env, callback, &count, args.data(), nullptr, nullptr);
  args.resize(std::min<size_t>(count, 8));
  try {
    return entry(env, args);
  } catch (const std::out_of_range &) {
    napi_throw_error(env, nullptr, "an argument is missing");
  } catch (const std::exception &e) {
    bool pending = false;
    napi_is_exception_pending(env, &pending);
    if (!pending) napi_throw_error(env, nullptr, e.what());
  }
  return nullptr;
}

template <Entry entry>
void define(napi_env env, napi_value exports, const char *name) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, guarded<entry>, nullptr, &function) == napi_ok)
    napi_set_named_property(env, exports, name, function);
}

}  // namespace

}  // namespace fovea

NAPI_MODULE_INIT() {
  using namespace fovea;
  define<info>(env, exports, "info");
  define<create>(env, exports, "create");
  define<createVariables>(env, exports, "createVariables");
  define<compile>(env, exports, "compile");
  define<run>(env, exports, "run");
  define<read>(env, exports, "read");
  define<write>(env, exports, "write");
  define<dispose>(env, exports, "dispose");
  return exports;
}

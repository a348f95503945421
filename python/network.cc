// network.cc: the compiled half of Network.
#include "convstep/network.h"

#include <algorithm>

#include "convstep/network_file.h"
#include "convstep/runtime.h"
#include "python/any_array.h"
#include "python/bindings.h"
#include "python/call.h"
#include "python/options.h"
#ifdef CONVSTEP_HAS_ONNX
#include "convstep/onnx.h"
#endif

namespace convstep::python {
namespace {

using Shapes = std::vector<std::vector<int64_t>>;

constexpr Wording::Argument kArguments[] = {{"window", "kernel_size"}};
constexpr Wording kWording{kArguments};

std::vector<int64_t> to_lengths(const char* argument, nb::handle value) {
  std::vector<int64_t> lengths;
  for (const nb::handle length : value) lengths.push_back(to_integer(argument, length));
  return lengths;
}

Shapes to_shapes(nb::handle value) {
  Shapes shapes;
  for (const nb::handle shape : value) shapes.push_back(to_lengths("input_shape", shape));
  return shapes;
}

nb::object to_tuple(const std::vector<int64_t>& lengths) {
  nb::list list;
  for (const int64_t length : lengths) list.append(length);
  return nb::tuple(list);
}

nb::object to_str(const std::string& text) { return nb::str(text.c_str(), text.size()); }

// Of what is read or written: of each its name, its shape with -1 for what is free, and whether it is of integers.
nb::object to_tuples(const std::vector<NetworkArrayInfo>& infos) {
  nb::list list;
  for (const NetworkArrayInfo& info : infos) {
    list.append(nb::make_tuple(info.name.c_str(), to_tuple(info.shape), info.is_integer));
  }
  return nb::tuple(list);
}

nb::object usual_shapes(const std::vector<NetworkArrayInfo>& infos) {
  nb::list list;
  for (const NetworkArrayInfo& info : infos) {
    list.append(info.usual_shape ? nb::object(to_tuple(*info.usual_shape)) : nb::none());
  }
  return nb::tuple(list);
}

int64_t to_memory(nb::handle value) {
  if (value.is_none()) return 0;
  const int64_t bytes = to_integer("memory", value);
  if (bytes < 1) throw nb::value_error(("memory: got " + std::to_string(bytes) + ", expected 1 byte or more").c_str());
  return bytes;
}

// Files that cannot be read are Python's OSError, and what is wrong in them ValueError.
template <class Function>
auto with_file_errors(Function function) {
  try {
    return with_value_errors(kWording, function);
  } catch (const FileError& error) {
    PyErr_SetString(PyExc_OSError, error.what());
    throw nb::python_error();
  } catch (const FormatError& error) {
    throw nb::value_error(error.what());
  }
}

template <class T>
Network<T> load_file([[maybe_unused]] const std::string& path, [[maybe_unused]] bool keep_roundings) {
#ifdef CONVSTEP_HAS_IO
  if (path.ends_with(".npz")) return load_network<T>(path);
#endif
#ifdef CONVSTEP_HAS_ONNX
  return load_onnx<T>(path, {.keep_roundings = keep_roundings});
#else
  const GilHeld held;
  PyErr_SetString(PyExc_ImportError,
                  "this build of convstep reads no models: build it with CONVSTEP_BUILD_IO and CONVSTEP_BUILD_ONNX");
  throw nb::python_error();
#endif
}

// Layers are what convstep.layers has.
NetworkLayer to_layer(nb::handle layer) {
  const std::string kind = to_text("layers", layer.attr("_kind"));
  const auto size = [&](const char* name) { return to_size(name, layer.attr(name)); };
  const auto integer = [&](const char* name) { return to_integer(name, layer.attr(name)); };
  const auto initializer = [&] {
    const std::string name = to_text("initializer", layer.attr("initializer"));
    if (name == "auto") return layers::Initializer::kAuto;
    if (name == "he") return layers::Initializer::kHe;
    if (name == "glorot") return layers::Initializer::kGlorot;
    throw nb::value_error(("initializer: got '" + name + "', expected 'auto', 'he' or 'glorot'").c_str());
  };
  const auto mode = [&] { return kind.starts_with("max") ? PoolMode::kMax : PoolMode::kAverage; };
  if (kind == "conv") {
    return layers::Conv{.filters = integer("filters"),
                        .window = size("kernel_size"),
                        .stride = size("stride"),
                        .padding = to_padding(layer.attr("padding")),
                        .dilation = size("dilation"),
                        .groups = integer("groups"),
                        .activation = to_activation(layer.attr("activation")),
                        .slope = to_real("slope", layer.attr("slope")),
                        .has_bias = to_bool("bias", layer.attr("bias")),
                        .initializer = initializer()};
  }
  if (kind == "linear") {
    return layers::Linear{.outputs = integer("outputs"),
                          .activation = to_activation(layer.attr("activation")),
                          .slope = to_real("slope", layer.attr("slope")),
                          .has_bias = to_bool("bias", layer.attr("bias")),
                          .initializer = initializer()};
  }
  if (kind == "max_pool" || kind == "avg_pool") {
    const nb::object stride = layer.attr("stride");
    return layers::Pool{
        .window = size("kernel_size"),
        .stride = stride.is_none() ? size("kernel_size") : size("stride"),
        .mode = mode(),
        .padding = to_padding(layer.attr("padding")),
        .dilation = kind == "max_pool" ? size("dilation") : Size2(1),
        .ceil_mode = to_bool("ceil_mode", layer.attr("ceil_mode")),
        .count_include_pad = kind == "avg_pool" && to_bool("count_include_pad", layer.attr("count_include_pad"))};
  }
  if (kind == "max_global_pool" || kind == "avg_global_pool") return layers::GlobalPool{mode()};
  if (kind == "activation") {
    return layers::Activate{to_activation(layer.attr("activation")), to_real("slope", layer.attr("slope"))};
  }
  if (kind == "softmax") return layers::Softmax{};
  return layers::Flatten{};
}

template <class T>
Network<T> build(nb::handle layer_list, nb::handle input_shape, nb::handle seed, nb::handle keep_roundings) {
  std::vector<NetworkLayer> layers;
  for (const nb::handle layer : layer_list) layers.push_back(to_layer(layer));
  const std::vector<int64_t> shape = to_lengths("input_shape", input_shape);
  const uint64_t number = to_seed(seed);
  const NetworkOptions options{.keep_roundings = to_bool("keep_roundings", keep_roundings)};
  return with_value_errors(kWording, [&] {
    if (shape.size() == 1) return Network<T>::of_rows(shape[0], layers, number, options);
    if (shape.size() != 3) {
      throw ShapeError("input_shape", to_string(shape.data(), static_cast<int>(shape.size())),
                       "(H, W, C), without the number of images, or (K,) for rows of K numbers");
    }
    return Network<T>({{shape[0], shape[1], shape[2]}, layers, number, options});
  });
}

template <class T>
Network<T> load(nb::handle path, nb::handle keep_roundings) {
  const std::string name = to_text("path", path);
  const bool keeps = to_bool("keep_roundings", keep_roundings);
  return with_file_errors([&] {
    const GilReleased released;
    return load_file<T>(name, keeps);
  });
}

template <class T>
void save([[maybe_unused]] const Network<T>& network, [[maybe_unused]] nb::handle path) {
#ifdef CONVSTEP_HAS_IO
  const std::string name = to_text("path", path);
  with_file_errors([&] { without_gil([&] { save_network(name, network); }); });
#else
  PyErr_SetString(PyExc_ImportError, "this build of convstep writes no files: build it with CONVSTEP_BUILD_IO");
  throw nb::python_error();
#endif
}

template <class T>
Network<T> of_parts(nb::handle text, nb::handle arrays) {
  NetworkParts<T> parts;
  parts.text = to_text("text", text);
  for (const nb::handle item : arrays.attr("items")()) {
    const AnyInput array("arrays", item[1]);
    auto& part = parts.arrays.emplace_back();
    part.name = to_text("name", item[0]);
    part.shape = array.shape();
    part.is_integer = array.is_integer();
    if (part.is_integer) {
      part.integers = array.copy<int64_t>();
    } else {
      part.reals = array.copy<T>();
    }
  }
  return with_value_errors(kWording, [&] { return from_parts(std::move(parts)); });
}

// For inputs of these shapes, with at most so many bytes of memory (None: any number). Plans without the GIL.
template <class T>
std::shared_ptr<const NetworkPlan<T>> plan_for(const Network<T>& network, const Shapes& shapes, nb::handle memory) {
  const NetworkPlanOptions options{.memory_bytes = to_memory(memory)};
  const GilReleased released;
  return network.kept_plan(shapes, options);
}

// A tuple of outputs, of a tuple of arrays of T or int64. `outs` is a tuple of arrays, or None.
template <class T>
nb::object run(const Network<T>& network, nb::handle arrays, nb::handle outs, nb::handle threads, nb::handle memory) {
  const RunOptions options{.threads = to_threads(threads), .progress = interruptible()};
  const std::vector<NetworkArrayInfo> infos = network.inputs();
  std::vector<std::unique_ptr<AnyInput>> inputs;
  std::vector<NetworkArray<const T>> from;
  Shapes shapes;
  for (const nb::handle array : arrays) {
    const size_t k = inputs.size();
    inputs.push_back(std::make_unique<AnyInput>(k < infos.size() ? infos[k].name : "inputs", array));
    shapes.push_back(inputs.back()->shape());
  }
  return with_value_errors(kWording, [&]() -> nb::object {
    for (const auto& input : inputs) from.push_back(input->template array<T>());
    const auto plan = plan_for(network, shapes, memory);
    const std::vector<NetworkArrayInfo> given = plan->outputs();
    if (!outs.is_none() && nb::len(outs) != given.size()) {
      throw ParameterError("out", std::to_string(nb::len(outs)) + " arrays", std::to_string(given.size()));
    }
    std::vector<std::unique_ptr<AnyOutput>> outputs;
    std::vector<NetworkArray<T>> to;
    nb::list results;
    for (size_t k = 0; k < given.size(); ++k) {
      const nb::object out = outs.is_none() ? nb::none() : nb::object(outs[k]);
      outputs.push_back(
          std::make_unique<AnyOutput>(out, given[k].shape, given[k].is_integer ? 'l' : kFormat<T>, given[k].name));
      to.push_back(outputs.back()->template array<T>());
      results.append(outputs.back()->object());
    }
    without_gil([&] { plan->run(from, to, options); });
    return nb::tuple(results);
  });
}

template <class T>
nb::object describe(const Network<T>& network, nb::handle shapes, nb::handle memory) {
  return with_value_errors(kWording, [&] { return to_str(plan_for(network, to_shapes(shapes), memory)->describe()); });
}

template <class T>
nb::object profile(const Network<T>& network, nb::handle shapes, nb::handle memory, nb::handle runs,
                   nb::handle threads) {
  const RunOptions options{.threads = to_threads(threads), .progress = interruptible()};
  const int64_t count = to_integer("runs", runs);
  return with_value_errors(kWording, [&] {
    const auto plan = plan_for(network, to_shapes(shapes), memory);
    std::string table;
    without_gil([&] { table = plan->profile(count, options); });
    return to_str(table);
  });
}

template <class T>
size_t memory_bytes(const Network<T>& network, nb::handle shapes, nb::handle memory) {
  return with_value_errors(kWording, [&] { return plan_for(network, to_shapes(shapes), memory)->memory_bytes(); });
}

template <class T>
nb::object describe_passes(const Network<T>& network, nb::handle shapes) {
  return with_value_errors(kWording, [&] { return to_str(network.describe_passes(to_shapes(shapes))); });
}

// The graph as a text, and its constants by name.
template <class T>
nb::object parts(const Network<T>& network) {
  const NetworkParts<T> parts = to_parts(network);
  nb::dict arrays;
  for (const auto& part : parts.arrays) {
    const AnyOutput array(nb::none(), part.shape, part.is_integer ? 'l' : kFormat<T>, part.name);
    if (part.is_integer) {
      std::copy_n(part.integers.data(), part.integers.size(), static_cast<int64_t*>(array.data()));
    } else {
      std::copy_n(part.reals.data(), part.reals.size(), static_cast<T*>(array.data()));
    }
    arrays[part.name.c_str()] = array.object();
  }
  return nb::make_tuple(parts.text.c_str(), arrays);
}

template <class T>
void bind(nb::module_& module, const char* name) {
  nb::class_<Network<T>>(module, name, "The compiled half of Network.")
      .def_static("build", &build<T>, nb::arg("layers").none(), nb::arg("input_shape").none(), nb::arg("seed").none(),
                  nb::arg("keep_roundings").none())
      .def_static("load", &load<T>, nb::arg("path").none(), nb::arg("keep_roundings").none())
      .def_static("of_parts", &of_parts<T>, nb::arg("text").none(), nb::arg("arrays").none())
      .def("save", &save<T>, nb::arg("path").none())
      .def("parts", &parts<T>)
      .def("run", &run<T>, nb::arg("arrays").none(), nb::arg("outs").none(), nb::arg("threads").none(),
           nb::arg("memory").none())
      .def("describe", &describe<T>, nb::arg("shapes").none(), nb::arg("memory").none())
      .def("describe_passes", &describe_passes<T>, nb::arg("shapes").none())
      .def("profile", &profile<T>, nb::arg("shapes").none(), nb::arg("memory").none(), nb::arg("runs").none(),
           nb::arg("threads").none())
      .def("memory_bytes", &memory_bytes<T>, nb::arg("shapes").none(), nb::arg("memory").none())
      .def("inputs", [](const Network<T>& network) { return to_tuples(network.inputs()); })
      .def("usual_shapes", [](const Network<T>& network) { return usual_shapes(network.inputs()); })
      .def("outputs", [](const Network<T>& network) { return to_tuples(network.outputs()); })
      .def("parameters", &Network<T>::parameters);
}

}  // namespace

void bind_networks(nb::module_& module) {
  bind<float>(module, "Network32");
  bind<double>(module, "Network64");
}

}  // namespace convstep::python

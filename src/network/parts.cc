// parts.cc: a network as a text and arrays.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "convstep/error.h"
#include "convstep/network_file.h"
#include "network/from_graph.h"
#include "network/json.h"
#include "network/state.h"

namespace convstep {
namespace network {
namespace {

constexpr int64_t kVersion = 1;

template <class U>
Json list_of(const std::vector<U>& values) {
  Json::List list;
  for (const U& one : values) list.emplace_back().value = one;
  return {std::move(list)};
}
Json list_of(const Dims& dims) { return list_of(std::vector<int64_t>(dims.begin(), dims.end())); }
Json list_of(const std::vector<ValueId>& ids) { return list_of(std::vector<int64_t>(ids.begin(), ids.end())); }

Json json_of(const Attribute& attribute) {
  return std::visit(
      [](const auto& value) -> Json {
        using Kind = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Kind, int64_t> || std::is_same_v<Kind, double> ||
                      std::is_same_v<Kind, std::string>) {
          return {value};
        } else {
          return list_of(value);
        }
      },
      attribute);
}

template <class Kind>
std::vector<Kind> vector_of(const Json::List& list) {
  std::vector<Kind> values;
  for (const Json& one : list) {
    const Kind* value = std::get_if<Kind>(&one.value);
    if (!value) throw ParameterError("attributes", "a list of several kinds", "one kind");
    values.push_back(*value);
  }
  return values;
}

Attribute attribute_of(const Json& json) {
  if (const auto* integer = std::get_if<int64_t>(&json.value)) return *integer;
  if (const auto* real = std::get_if<double>(&json.value)) return *real;
  if (const auto* text = std::get_if<std::string>(&json.value)) return *text;
  const Json::List& list = json.list("attributes");
  if (!list.empty() && std::holds_alternative<double>(list[0].value)) return vector_of<double>(list);
  if (!list.empty() && std::holds_alternative<std::string>(list[0].value)) return vector_of<std::string>(list);
  return vector_of<int64_t>(list);
}

std::vector<int64_t> integers_of(const Json& json, const char* what) {
  std::vector<int64_t> values;
  for (const Json& one : json.list(what)) values.push_back(one.integer(what));
  return values;
}

// A name that a member of a zip file may have, and that no other member has.
std::string member_name(const std::string& name, std::set<std::string>& taken) {
  std::string member;
  for (const char c : name) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    member += is_plain || ((c == '.' || c == '-') && !member.empty()) ? c : '_';
  }
  if (member.empty()) member = "constant";
  std::string unique = member;
  for (int k = 2; !taken.insert(unique).second; ++k) unique = member + "_" + std::to_string(k);
  return unique;
}

// The axes from the longest stride to the shortest, so that weights are saved with the axes that they were given with,
// also where some have the length 1.
Dims order_in_memory(const Dims& shape, const Dims& strides) {
  Dims order = row_major(shape.rank());
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const int first = static_cast<int>(a), second = static_cast<int>(b);
    const int64_t x = std::abs(strides[first]), y = std::abs(strides[second]);
    return x != y ? x > y : shape[first] > shape[second];
  });
  return order;
}

// The elements as they lie in memory, whose axes have this order.
template <class T>
typename NetworkParts<T>::Part part_of(const std::string& name, const Constant<T>& constant, const Dims& order) {
  const auto turned = [&](auto view) {
    using U = std::remove_reference_t<decltype(*view.data)>;
    const NdView<U> in_memory = view.permuted(order);
    auto values = Tensor<U, 1>::uninitialized({in_memory.size()});
    const Dims strides = dense_strides(in_memory.shape, row_major(in_memory.rank()));
    copy<U>({in_memory.data, in_memory.shape, in_memory.strides}, {values.data(), in_memory.shape, strides});
    return std::pair(std::vector<int64_t>(in_memory.shape.begin(), in_memory.shape.end()), std::move(values));
  };
  typename NetworkParts<T>::Part part;
  part.name = name;
  part.is_integer = constant.element() == Element::kInteger;
  if (part.is_integer) {
    std::tie(part.shape, part.integers) = turned(constant.view().integers());
  } else {
    std::tie(part.shape, part.reals) = turned(constant.view().real());
  }
  return part;
}

// The other way round. The order was read from a file.
template <class T>
Constant<T> constant_of(typename NetworkParts<T>::Part part, const std::vector<int64_t>& order) {
  const Dims shape(part.shape);
  std::vector<bool> is_there(order.size(), false);
  for (const int64_t axis : order) {
    if (axis < 0 || axis >= static_cast<int64_t>(order.size()) || is_there[static_cast<size_t>(axis)]) {
      throw ParameterError("order", std::to_string(axis), "each axis once");
    }
    is_there[static_cast<size_t>(axis)] = true;
  }
  const int64_t count = part.is_integer ? part.integers.size() : part.reals.size();
  if (static_cast<int>(order.size()) != shape.rank() ||
      element_count(part.name.c_str(), shape.begin(), shape.rank(), sizeof(double)) != count) {
    throw ShapeError(part.name, to_string(shape), std::to_string(count) + " elements, and as many axes as its order");
  }
  const Constant<T> constant =
      part.is_integer ? Constant<T>(std::move(part.integers), shape) : Constant<T>(std::move(part.reals), shape);
  ArrayView<T> view = constant.view();
  for (int k = 0; k < shape.rank(); ++k) {
    view.shape[static_cast<int>(order[static_cast<size_t>(k)])] = constant.view().shape[k];
    view.strides[static_cast<int>(order[static_cast<size_t>(k)])] = constant.view().strides[k];
  }
  return constant.viewed(view);
}

void check_usual(const GraphInput& input) {
  if (is_as_declared(input, Dims(input.usual))) return;
  throw ShapeError("usual_shape", to_string(Dims(input.usual)), "one that is as declared");
}

std::vector<ValueId> ids_of(const Json& json, const char* what, size_t values, bool may_be_left_out) {
  std::vector<ValueId> ids;
  for (const int64_t id : integers_of(json, what)) {
    if (id >= static_cast<int64_t>(values) || id < (may_be_left_out ? -1 : 0)) {
      throw ParameterError(what, std::to_string(id), "one of " + std::to_string(values) + " values");
    }
    ids.push_back(static_cast<ValueId>(id));
  }
  return ids;
}

// Nobody else gives the value.
void check_given_once(std::vector<bool>& is_given, ValueId id) {
  if (is_given[static_cast<size_t>(id)]) throw ParameterError("value", std::to_string(id) + ", given twice", "once");
  is_given[static_cast<size_t>(id)] = true;
}

}  // namespace
}  // namespace network

template <class T>
NetworkParts<T> to_parts(const Network<T>& network) {
  using network::Json;
  const typename Network<T>::State& state = network.state();
  const network::Graph<T>& graph = state.graph;
  NetworkParts<T> parts;
  std::set<std::string> taken{"network"};
  Json::List values, nodes, inputs, outputs;
  for (const network::Value<T>& value : graph.values) {
    Json::Object object{{"name", {value.name}}};
    if (value.constant) {
      const network::ArrayView<T>& view = value.constant.view();
      const network::Dims order = network::order_in_memory(view.shape, view.strides);
      parts.arrays.push_back(network::part_of(network::member_name(value.name, taken), value.constant, order));
      object.push_back({"array", {parts.arrays.back().name}});
      object.push_back({"order", network::list_of(order)});
    }
    values.push_back({std::move(object)});
  }
  for (const network::Node& node : graph.nodes) {
    Json::Object attributes;
    for (const auto& [name, attribute] : node.attributes) attributes.emplace_back(name, network::json_of(attribute));
    nodes.push_back({Json::Object{{"operation", {node.operation}},
                                  {"name", {node.name}},
                                  {"inputs", network::list_of(node.inputs)},
                                  {"outputs", network::list_of(node.outputs)},
                                  {"attributes", {std::move(attributes)}}}});
  }
  for (size_t k = 0; k < graph.inputs.size(); ++k) {
    const network::GraphInput& input = graph.inputs[k];
    Json::Object object{{"value", {int64_t{input.value}}},
                        {"is_integer", {input.element == network::Element::kInteger}},
                        {"shape", network::list_of(input.shape)},
                        {"axes_as_they_are", {static_cast<bool>(state.inputs_as_they_are[k])}}};
    if (!input.usual.empty()) object.emplace_back("usual_shape", network::list_of(input.usual));
    inputs.push_back({std::move(object)});
  }
  for (size_t k = 0; k < graph.outputs.size(); ++k) {
    outputs.push_back({Json::Object{{"value", {int64_t{graph.outputs[k]}}},
                                    {"axes_as_they_are", {static_cast<bool>(state.outputs_as_they_are[k])}}}});
  }
  parts.text = network::to_text({Json::Object{{"convstep_network", {network::kVersion}},
                                              {"keep_roundings", {state.options.keep_roundings}},
                                              {"inputs", {std::move(inputs)}},
                                              {"outputs", {std::move(outputs)}},
                                              {"nodes", {std::move(nodes)}},
                                              {"values", {std::move(values)}}}});
  return parts;
}

template <class T>
Network<T> from_parts(NetworkParts<T> parts) {
  using network::Json;
  const Json json = network::parse_json(parts.text);
  const int64_t version = json["convstep_network"].integer("convstep_network");
  if (version != network::kVersion) {
    throw ParameterError("convstep_network", "version " + std::to_string(version), std::to_string(network::kVersion));
  }
  std::map<std::string, typename NetworkParts<T>::Part*> arrays;
  for (auto& part : parts.arrays) arrays[part.name] = &part;

  network::Graph<T> graph;
  for (const Json& value : json["values"].list("values")) {
    const network::ValueId id = graph.add_value(value["name"].text("name"));
    if (value.object("values").size() == 1) continue;
    const auto found = arrays.find(value["array"].text("array"));
    if (found == arrays.end()) throw ParameterError("array", value["array"].text("array"), "an array that is there");
    graph[id].constant =
        network::constant_of<T>(std::move(*found->second), network::integers_of(value["order"], "order"));
    arrays.erase(found);
  }
  const size_t count = graph.values.size();
  std::vector<bool> is_given(count, false);
  for (size_t v = 0; v < count; ++v) is_given[v] = static_cast<bool>(graph.values[v].constant);

  std::vector<bool> inputs_as_they_are, outputs_as_they_are;
  for (const Json& input : json["inputs"].list("inputs")) {
    const std::vector<network::ValueId> ids = network::ids_of({Json::List{input["value"]}}, "inputs", count, false);
    network::check_given_once(is_given, ids[0]);
    const auto element =
        input["is_integer"].boolean("is_integer") ? network::Element::kInteger : network::Element::kReal;
    graph.inputs.push_back({ids[0], element, network::integers_of(input["shape"], "shape")});
    network::Dims(graph.inputs.back().shape);             // throws where there are too many axes
    if (const Json* usual = input.find("usual_shape")) {  // which older files do not have
      graph.inputs.back().usual = network::integers_of(*usual, "usual_shape");
      network::check_usual(graph.inputs.back());
    }
    inputs_as_they_are.push_back(input["axes_as_they_are"].boolean("axes_as_they_are"));
  }
  for (const Json& json_node : json["nodes"].list("nodes")) {
    network::Node node{json_node["operation"].text("operation"), json_node["name"].text("name"), {}, {}, {}};
    node.inputs = network::ids_of(json_node["inputs"], "inputs", count, true);
    node.outputs = network::ids_of(json_node["outputs"], "outputs", count, true);
    for (const network::ValueId id : node.outputs) {
      if (id != network::kNoValue) network::check_given_once(is_given, id);
    }
    for (const auto& [name, attribute] : json_node["attributes"].object("attributes")) {
      node.attributes[name] = network::attribute_of(attribute);
    }
    graph.nodes.push_back(std::move(node));
  }
  for (const Json& output : json["outputs"].list("outputs")) {
    graph.outputs.push_back(network::ids_of({Json::List{output["value"]}}, "outputs", count, false)[0]);
    outputs_as_they_are.push_back(output["axes_as_they_are"].boolean("axes_as_they_are"));
  }
  return network::make_network<T>(std::move(graph), {json["keep_roundings"].boolean("keep_roundings")},
                                  std::move(inputs_as_they_are), std::move(outputs_as_they_are));
}

template NetworkParts<float> to_parts(const Network<float>&);
template NetworkParts<double> to_parts(const Network<double>&);
template Network<float> from_parts(NetworkParts<float>);
template Network<double> from_parts(NetworkParts<double>);

}  // namespace convstep

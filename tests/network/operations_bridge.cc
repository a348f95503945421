// operations_bridge.cc: lets the Python tests call operations of networks over standard input and output. All numbers
// little-endian, real ones as 64-bit floats.
//
//   request   one line of words separated by tabs: OPERATION, DTYPE, the number of outputs, then attributes "NAME=KIND
//             VALUES" (kinds i, f, s, I) and inputs ":KIND SHAPE ORDER": kinds r and i are real and whole numbers, R
//             and I the same where they are constant, - is an input that is left out. Then the elements of each input
//             in row-major order.
//   answer    "ok", then for each output one line "KIND SHAPE" and its elements; or "error ARGUMENT<tab>MESSAGE"
#include <iostream>
#include <sstream>

#include "convstep/error.h"
#include "network/operation.h"

namespace convstep::network {
namespace {

std::vector<int64_t> integers(const std::string& list) {
  std::vector<int64_t> values;
  std::istringstream words(list);
  for (std::string word; std::getline(words, word, ',');) values.push_back(std::stoll(word));
  return values;
}

void add_attribute(Node& node, const std::string& word) {
  const size_t equals = word.find('=');
  const std::string name = word.substr(0, equals), values = word.substr(equals + 3);
  switch (word[equals + 1]) {
    case 'i':
      node.attributes[name] = static_cast<int64_t>(std::stoll(values));
      break;
    case 'f':
      node.attributes[name] = std::stod(values);
      break;
    case 's':
      node.attributes[name] = values;
      break;
    default:
      node.attributes[name] = integers(values);
  }
}

// An array of its own, its axes in this order in memory.
template <class T>
struct Array {
  std::vector<T> reals;
  std::vector<int64_t> whole;
  ArrayView<T> view;
  Dims order;
  bool is_constant = false;

  Array() = default;
  Array(Element element, const Dims& shape, const Dims& order_) : order(order_) {
    const size_t count = static_cast<size_t>(shape.count());
    const Dims strides = dense_strides(shape, order);
    if (element == Element::kReal) {
      reals.assign(count, static_cast<T>(-12345.5));
      view = NdView<T>{reals.data(), shape, strides};
    } else {
      whole.assign(count, -12345);
      view = NdView<int64_t>{whole.data(), shape, strides};
    }
  }

  // Calls f(offset) for each element in row-major order.
  template <class F>
  void each(const F& f) const {
    const int64_t count = view.shape.count();
    for (int64_t i = 0; i < count; ++i) {
      int64_t rest = i, offset = 0;
      for (int axis = view.shape.rank(); axis-- > 0; rest /= view.shape[axis]) {
        offset += rest % view.shape[axis] * view.strides[axis];
      }
      f(static_cast<size_t>(offset));
    }
  }
  void read() {
    each([&](size_t offset) {
      double number;
      int64_t integer;
      if (view.element == Element::kReal) {
        std::cin.read(reinterpret_cast<char*>(&number), sizeof(number));
        reals[offset] = static_cast<T>(number);
      } else {
        std::cin.read(reinterpret_cast<char*>(&integer), sizeof(integer));
        whole[offset] = integer;
      }
    });
  }
  void write() const {
    std::cout << (view.element == Element::kReal ? "r " : "i ");
    for (const int64_t length : view.shape) std::cout << length << ",";
    std::cout << "\n";
    each([&](size_t offset) {
      if (view.element == Element::kReal) {
        const double number = static_cast<double>(reals[offset]);
        std::cout.write(reinterpret_cast<const char*>(&number), sizeof(number));
      } else {
        std::cout.write(reinterpret_cast<const char*>(&whole[offset]), sizeof(int64_t));
      }
    });
  }
};

template <class T>
Array<T> input_of(const std::string& word) {
  std::istringstream words(word.substr(1));
  std::string kind, shape, order;
  std::getline(words, kind, ' ');
  if (kind == "-") return {};
  std::getline(words, shape, ' ');
  std::getline(words, order, ' ');
  Array<T> array(kind == "r" || kind == "R" ? Element::kReal : Element::kInteger, Dims(integers(shape)),
                 Dims(integers(order)));
  array.is_constant = kind == "R" || kind == "I";
  array.read();
  return array;
}

template <class T>
void answer(std::istringstream& words, const std::string& operation_name) {
  Node node{operation_name, "", {}, {}, {}};
  std::string word;
  std::getline(words, word, '\t');
  for (int i = 0; i < std::stoi(word); ++i) node.outputs.push_back(100 + i);
  std::vector<Array<T>> inputs;
  while (std::getline(words, word, '\t')) {
    if (word[0] != ':') {
      add_attribute(node, word);
      continue;
    }
    inputs.push_back(input_of<T>(word));
    node.inputs.push_back(static_cast<ValueId>(inputs.size()));
  }
  std::vector<ValueInfo<T>> infos;
  std::vector<ArrayView<T>> views;
  for (const Array<T>& input : inputs) {
    infos.emplace_back(input.view.element, input.view.shape, input.order);
    if (input.is_constant) infos.back().constant = input.view;
    views.push_back(input.view);
  }
  const Operation<T>* operation = find_operation<T>(node.operation);
  const Request<T> request{node, infos};
  std::vector<Array<T>> outputs;
  try {
    if (!operation) throw ParameterError("operation", operation_name, "one that there is");
    const Inferred<T> inferred = operation->infer(request);
    for (const ValueInfo<T>& info : inferred.outputs) outputs.emplace_back(info.element, info.shape, info.order);
    if (inferred.view) {
      copy(inferred.view(views[0]), outputs[0].view);
    } else {
      std::vector<ArrayView<T>> output_views;
      for (const Array<T>& output : outputs) output_views.push_back(output.view);
      operation->make(request, inferred).run({views, output_views}, {});
    }
  } catch (const ArgumentError& error) {
    std::cout << "error " << error.argument() << "\t" << error.what() << "\n";
    return;
  }
  std::cout << "ok\n";
  for (const Array<T>& output : outputs) output.write();
}

void serve() {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string operation, dtype;
    std::getline(words, operation, '\t');
    std::getline(words, dtype, '\t');
    dtype == "float64" ? answer<double>(words, operation) : answer<float>(words, operation);
    std::cout.flush();
  }
}

}  // namespace
}  // namespace convstep::network

int main() {
  std::ios::sync_with_stdio(false);
  convstep::network::serve();
}

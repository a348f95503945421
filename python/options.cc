#include "python/options.h"

#include <string>
#include <string_view>
#include <utility>

#include "python/hints.h"

namespace convstep::python {
namespace {

std::string message(const char* argument, const std::string& given, const char* expected, const std::string& hint) {
  return std::string(argument) + ": got " + given + ", expected " + expected + (hint.empty() ? "" : " (" + hint + ")");
}

[[noreturn]] void wrong_type(const char* argument, nb::handle value, const char* expected,
                             const std::string& hint = "") {
  throw nb::type_error(message(argument, hint_of("shown", value), expected, hint).c_str());
}

[[noreturn]] void wrong_value(const char* argument, nb::handle value, const char* expected,
                              const std::string& hint = "") {
  throw nb::value_error(message(argument, hint_of("shown", value), expected, hint).c_str());
}

[[noreturn]] void no_integer(const char* argument, nb::handle value) {
  wrong_type(argument, value, "an integer", hint_of("integer", value));
}

bool is_integer(nb::handle value) {
  return PyLong_CheckExact(value.ptr()) || (PyIndex_Check(value.ptr()) && !is_bool(value));
}

// The numbers of an array of sizes, or none where it has more than any size has: it may be a photograph. Anything else
// as it is.
nb::object without_array(nb::handle value) {
  constexpr size_t kMostNumbers = 4;
  if (!is_array(value)) return nb::borrow(value);
  if (nb::cast<size_t>(value.attr("size")) > kMostNumbers) return nb::make_tuple();
  return value.attr("tolist")();
}

// A list or a tuple of so many items as a tuple, or null. A tuple, because what its items do when they are asked for
// their value could change a list.
nb::object to_tuple(nb::handle value, Py_ssize_t size) {
  if (!PyTuple_Check(value.ptr()) && !PyList_Check(value.ptr())) return {};
  nb::object tuple = nb::steal(PySequence_Tuple(value.ptr()));
  if (!tuple.is_valid()) throw nb::python_error();
  return PyTuple_GET_SIZE(tuple.ptr()) == size ? tuple : nb::object();
}

nb::object to_pair(nb::handle value) { return to_tuple(value, 2); }

nb::handle item(const nb::object& tuple, int index) { return PyTuple_GET_ITEM(tuple.ptr(), index); }

// The shape of an array, or of a tuple, list or array of four lengths, as the caller has it.
Shape<4> four_lengths(const char* argument, nb::handle value) {
  const nb::object of_array = to_tuple(nb::getattr(value, "shape", nb::none()), 4);
  const nb::object lengths = of_array.is_valid() ? of_array : to_tuple(without_array(value), 4);
  if (!lengths.is_valid()) wrong_type(argument, value, "four integers", hint_of("shape", argument, value));
  Shape<4> own;
  for (int axis = 0; axis < 4; ++axis) own[axis] = to_integer(argument, item(lengths, axis));
  return own;
}

// The entry of `words` that `value` names.
template <class T, size_t Count>
T to_word(const char* argument, nb::handle value, const std::pair<std::string_view, T> (&words)[Count],
          const char* expected) {
  Py_ssize_t size = 0;
  if (!PyUnicode_Check(value.ptr())) wrong_type(argument, value, expected);
  const char* text = PyUnicode_AsUTF8AndSize(value.ptr(), &size);
  if (!text) {  // a lone surrogate
    PyErr_Clear();
    wrong_value(argument, value, expected);
  }
  nb::list known;
  for (const auto& [word, meaning] : words) {
    if (word == std::string_view(text, static_cast<size_t>(size))) return meaning;
  }
  for (const auto& entry : words) known.append(nb::str(entry.first.data(), entry.first.size()));
  wrong_value(argument, value, expected, hint_of("word", value, known));
}

}  // namespace

int64_t to_integer(const char* argument, nb::handle value) {
  if (!is_integer(value)) no_integer(argument, value);
  const nb::object index = nb::steal(PyNumber_Index(value.ptr()));
  if (!index.is_valid()) {
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) throw nb::python_error();
    PyErr_Clear();  // arrays have an __index__, but those of more than one element refuse
    no_integer(argument, value);
  }
  int overflow = 0;
  const int64_t number = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  if (overflow != 0) wrong_value(argument, value, "an integer of 64 bits");
  return number;
}

double to_real(const char* argument, nb::handle value) {
  if (is_bool(value) || !PyNumber_Check(value.ptr())) wrong_type(argument, value, "a number");
  const double number = PyFloat_AsDouble(value.ptr());
  if (number == -1 && PyErr_Occurred()) {
    const bool is_too_large = PyErr_ExceptionMatches(PyExc_OverflowError);
    PyErr_Clear();
    if (is_too_large) wrong_value(argument, value, "a number that fits in float64");
    wrong_type(argument, value, "a number");
  }
  return number;
}

uint64_t to_seed(nb::handle value) {
  const int64_t seed = to_integer("seed", value);
  if (seed < 0) wrong_value("seed", value, "0 or more");
  return static_cast<uint64_t>(seed);
}

bool to_bool(const char* argument, nb::handle value) {
  if (!is_bool(value)) wrong_type(argument, value, "True or False");
  return PyObject_IsTrue(value.ptr()) == 1;
}

Size2 to_size(const char* argument, nb::handle given) {
  const nb::object value = without_array(given);
  if (is_integer(value)) {
    const int64_t both = to_integer(argument, value);
    return {both, both};
  }
  const nb::object pair = to_pair(value);
  if (!pair.is_valid()) {
    wrong_type(argument, given, "an integer or a pair (height, width)", hint_of("size", value));
  }
  return {to_integer(argument, item(pair, 0)), to_integer(argument, item(pair, 1))};
}

Padding to_padding(nb::handle given) {
  const nb::object value = without_array(given);
  constexpr const char* kArgument = "padding";
  constexpr const char* kExpected =
      "an integer, (height, width), ((top, bottom), (left, right)), \"valid\", \"same\", \"same_upper\" or "
      "\"same_lower\"";
  static constexpr std::pair<std::string_view, Padding> kRules[] = {{"valid", Padding::valid()},
                                                                    {"same", Padding::same_upper()},
                                                                    {"same_upper", Padding::same_upper()},
                                                                    {"same_lower", Padding::same_lower()}};
  if (PyUnicode_Check(value.ptr())) return to_word(kArgument, value, kRules, kExpected);
  if (is_integer(value)) return Padding::all(to_integer(kArgument, value));
  const nb::object pair = to_pair(value);
  if (!pair.is_valid()) wrong_type(kArgument, given, kExpected, hint_of("padding", value));
  const nb::handle height = item(pair, 0), width = item(pair, 1);
  if (is_integer(height) && is_integer(width)) {
    const int64_t h = to_integer(kArgument, height), w = to_integer(kArgument, width);
    return {h, h, w, w};
  }
  const nb::object rows = to_pair(height), columns = to_pair(width);
  if (!rows.is_valid() || !columns.is_valid()) wrong_type(kArgument, given, kExpected);
  return {to_integer(kArgument, item(rows, 0)), to_integer(kArgument, item(rows, 1)),
          to_integer(kArgument, item(columns, 0)), to_integer(kArgument, item(columns, 1))};
}

Activation to_activation(nb::handle value) {
  static constexpr std::pair<std::string_view, Activation> kNames[] = {{"relu", Activation::kRelu},
                                                                       {"relu6", Activation::kRelu6},
                                                                       {"leaky_relu", Activation::kLeakyRelu},
                                                                       {"sigmoid", Activation::kSigmoid},
                                                                       {"tanh", Activation::kTanh}};
  if (value.is_none()) return Activation::kNone;
  return to_word("activation", value, kNames, "None, \"relu\", \"relu6\", \"leaky_relu\", \"sigmoid\" or \"tanh\"");
}

PoolMode to_pool_mode(nb::handle value) {
  static constexpr std::pair<std::string_view, PoolMode> kNames[] = {{"max", PoolMode::kMax},
                                                                     {"average", PoolMode::kAverage}};
  return to_word("mode", value, kNames, "\"max\" or \"average\"");
}

Layout to_layout(nb::handle value) {
  static constexpr std::pair<std::string_view, Layout> kNames[] = {{"NHWC", Layout::kNHWC}, {"NCHW", Layout::kNCHW}};
  return to_word("layout", value, kNames, "\"NHWC\" or \"NCHW\"");
}

int64_t to_hparameter(nb::handle hparameters, const char* key, int64_t least) {
  if (!PyMapping_Check(hparameters.ptr())) wrong_type("hparameters", hparameters, "a dictionary");
  const nb::object value = nb::steal(PyMapping_GetItemString(hparameters.ptr(), key));
  if (!value.is_valid()) {
    // A list or an array does not take the key.
    const bool is_sequence = PyErr_ExceptionMatches(PyExc_TypeError) || PyErr_ExceptionMatches(PyExc_IndexError);
    if (!is_sequence && !PyErr_ExceptionMatches(PyExc_KeyError)) throw nb::python_error();
    PyErr_Clear();
    if (is_sequence) wrong_type("hparameters", hparameters, "a dictionary");
    const std::string expected = "the key \"" + std::string(key) + "\"";
    wrong_value("hparameters", hparameters, expected.c_str(), hint_of("key", nb::str(key), hparameters));
  }
  const int64_t number = to_integer(key, value);
  if (number < least) wrong_value(key, value, least == 0 ? "0 or more" : "1 or more");
  return number;
}

void check_keys(nb::handle hparameters, const char* first, const char* second, nb::handle W) {
  if (PyMapping_Size(hparameters.ptr()) == 2) return;  // these two
  PyErr_Clear();                                       // a mapping without a length
  nb::module_::import_("convstep._hparameters").attr("check_keys")(nb::make_tuple(first, second), hparameters, W);
}

int to_threads(nb::handle value) {
  if (value.is_none()) return 0;
  const int64_t threads = to_integer("threads", value);
  if (threads < 1 || threads > kMaxThreads) wrong_value("threads", value, "None or 1 to 1024");
  return static_cast<int>(threads);
}

Numerics to_numerics(nb::handle value) {
  static constexpr std::pair<std::string_view, Numerics> kNames[] = {{"fast", Numerics::kFast},
                                                                     {"numpy", Numerics::kNumpy}};
  return to_word("numerics", value, kNames, "\"fast\" or \"numpy\"");
}

ConvAlgorithm to_algorithm(nb::handle value) {
  static constexpr std::pair<std::string_view, ConvAlgorithm> kNames[] = {{"auto", ConvAlgorithm::kAuto},
                                                                          {"direct", ConvAlgorithm::kDirect},
                                                                          {"winograd", ConvAlgorithm::kWinograd},
                                                                          {"reference", ConvAlgorithm::kReference}};
  return to_word("algorithm", value, kNames, "\"auto\", \"direct\", \"winograd\" or \"reference\"");
}

Shape<4> to_shape(const char* argument, nb::handle value, Layout layout) {
  const auto [n, h, w, c] = four_lengths(argument, value);
  return layout == Layout::kNHWC ? Shape<4>{n, h, w, c} : Shape<4>{n, w, c, h};
}

Shape<4> to_weights_shape(const char* argument, nb::handle value, Layout layout) {
  const auto [kh, kw, c, o] = four_lengths(argument, value);
  return layout == Layout::kNHWC ? Shape<4>{kh, kw, c, o} : Shape<4>{c, o, kw, kh};
}

Shape<2> to_plane_shape(const char* argument, nb::handle value) {
  const nb::object lengths = to_pair(without_array(value));
  if (!lengths.is_valid()) wrong_type(argument, value, "a pair (n_H, n_W)", hint_of("size", value));
  return {to_integer(argument, item(lengths, 0)), to_integer(argument, item(lengths, 1))};
}

PoolTies to_ties(nb::handle value) {
  static constexpr std::pair<std::string_view, PoolTies> kNames[] = {{"first", PoolTies::kFirst},
                                                                     {"all", PoolTies::kAll}};
  return to_word("ties", value, kNames, "\"first\" or \"all\"");
}

bool to_accumulate(nb::handle value, nb::handle out) {
  const bool accumulate = to_bool("accumulate", value);
  bool has_none = out.is_none();
  if (PyTuple_Check(out.ptr())) {
    has_none = true;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(out.ptr()); ++i) has_none &= PyTuple_GET_ITEM(out.ptr(), i) == Py_None;
  }
  if (accumulate && has_none) {
    throw nb::value_error("accumulate: got True, expected False where there is no out (it adds to what out holds)");
  }
  return accumulate;
}

nb::object to_cache(nb::handle value, size_t count, const char* names, const char* made_by) {
  const nb::object items = to_tuple(value, static_cast<Py_ssize_t>(count));
  if (items.is_valid()) return items;
  std::string expected(1, '(');
  expected.append(names).append("), the cache that ").append(made_by).append(" returned");
  const bool is_tuple = PyTuple_Check(value.ptr());
  const std::string given =
      is_tuple ? "a tuple of " + std::to_string(PyTuple_GET_SIZE(value.ptr())) : hint_of("shown", value);
  const std::string hint = hint_of("cache", value, nb::int_(count));
  throw nb::type_error(message("cache", given, expected.c_str(), hint).c_str());
}

std::string to_text(const char* argument, nb::handle value) {
  Py_ssize_t size = 0;
  const char* text = PyUnicode_Check(value.ptr()) ? PyUnicode_AsUTF8AndSize(value.ptr(), &size) : nullptr;
  if (text) return {text, static_cast<size_t>(size)};
  PyErr_Clear();  // a lone surrogate
  wrong_type(argument, value, "a string");
}

}  // namespace convstep::python

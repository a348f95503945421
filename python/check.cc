// check.cc: the judgement of a learner's outputs, for convstep.check.
#include "convstep/check.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "python/any_array.h"
#include "python/bindings.h"
#include "python/call.h"

namespace convstep::python {
namespace {

CheckedFunction function_of(const std::string& name) {
  const std::optional<CheckedFunction> function = checked_function(name);
  if (!function) throw nb::value_error(("no function of the notebook: " + name).c_str());
  return *function;
}

// From an array of float64 of any number of axes.
CheckArray to_check_array(const std::string& name, nb::handle object) {
  const AnyInput input(name, object);
  const Tensor<double, 1> values = input.copy<double>();
  return {input.shape(), {values.begin(), values.end()}};
}

nb::object to_numpy(const CheckArray& array) {
  const AnyOutput output(nb::none(), array.shape, 'd', "array");
  std::copy(array.values.begin(), array.values.end(), static_cast<double*>(output.data()));
  return output.object();
}

template <class Names>
nb::dict to_dict(const Names& names, const std::vector<CheckArray>& arrays) {
  nb::dict dict;
  for (size_t k = 0; k < arrays.size(); ++k) dict[names[k]] = to_numpy(arrays[k]);
  return dict;
}

// {"inputs": {name: array}, "stride": ..., "pad": ..., "f": ..., "average": ...}
nb::list cases_of(const std::string& name) {
  const CheckedFunction function = function_of(name);
  nb::list cases;
  for (const CheckCase& one : check_cases(function)) {
    nb::dict dict;
    dict["inputs"] = to_dict(check_input_names(function), one.inputs);
    dict["stride"] = one.stride;
    dict["pad"] = one.pad;
    dict["f"] = one.f;
    dict["average"] = one.average;
    cases.append(dict);
  }
  return cases;
}

CheckCase to_case(CheckedFunction function, const nb::dict& dict) {
  CheckCase one{.stride = nb::cast<int64_t>(dict["stride"]),
                .pad = nb::cast<int64_t>(dict["pad"]),
                .f = nb::cast<int64_t>(dict["f"]),
                .average = nb::cast<bool>(dict["average"])};
  for (const char* name : check_input_names(function)) {
    one.inputs.push_back(to_check_array(name, nb::cast<nb::dict>(dict["inputs"])[name]));
  }
  return one;
}

nb::object difference_of(const CheckFinding& finding) {
  if (!finding.first_difference) return nb::none();
  const CheckDifference& it = *finding.first_difference;
  nb::list terms;
  for (const CheckTerm& term : it.terms) terms.append(nb::make_tuple(term.text, term.value));
  nb::list index;
  for (const int64_t k : it.index) index.append(k);
  nb::dict dict;
  dict["number"] = it.number;
  dict["output"] = it.output;
  dict["index"] = nb::tuple(index);
  dict["yours"] = it.yours;
  dict["right"] = it.right;
  dict["terms"] = nb::tuple(terms);
  dict["window"] = nb::make_tuple(it.window[0], it.window[1], it.window[2], it.window[3]);
  dict["change"] = it.change;
  return dict;
}

const char* kind_name(CheckFinding::Kind kind) {
  switch (kind) {
    case CheckFinding::Kind::kRight:
      return "right";
    case CheckFinding::Kind::kShape:
      return "shape";
    case CheckFinding::Kind::kNotFinite:
      return "not finite";
    case CheckFinding::Kind::kValues:
      return "values";
    case CheckFinding::Kind::kUnexplained:
      return "unexplained";
  }
  return "";
}

nb::dict judge(const std::string& name, const nb::list& cases, const nb::list& yours) {
  const CheckedFunction function = function_of(name);
  std::vector<CheckCase> all;
  std::vector<CheckOutputs> outputs;
  for (nb::handle one : cases) all.push_back(to_case(function, nb::cast<nb::dict>(one)));
  for (nb::handle given : yours) {
    CheckOutputs arrays;
    for (nb::handle array : nb::cast<nb::list>(given)) arrays.push_back(to_check_array("yours", array));
    outputs.push_back(std::move(arrays));
  }
  const CheckFinding finding = with_value_errors(Wording(), [&] { return check_outputs(function, all, outputs); });
  nb::dict dict;
  dict["kind"] = kind_name(finding.kind);
  dict["mistakes"] = nb::tuple(nb::cast(finding.mistakes));
  dict["message"] = finding.message;
  dict["evidence"] = finding.evidence;
  dict["hint"] = finding.hint;
  dict["reveal"] = finding.reveal;
  dict["first_difference"] = difference_of(finding);
  return dict;
}

}  // namespace

void bind_check(nb::module_& module) {
  module.def("check_cases", &cases_of, nb::arg("function"));
  module.def("check_outputs", &judge, nb::arg("function"), nb::arg("cases"), nb::arg("yours"));
}

}  // namespace convstep::python

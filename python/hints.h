// hints.h: what messages say of a value, and of what somebody may have meant by it; convstep/_hints.py knows both.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

namespace convstep::python {

// What convstep._hints.`function` says of what was given; "" for None.
template <class... Arguments>
std::string hint_of(const char* function, const Arguments&... arguments) {
  namespace nb = nanobind;
  const nb::object hint = nb::module_::import_("convstep._hints").attr(function)(arguments...);
  return hint.is_none() ? "" : nb::str(hint).c_str();
}

}  // namespace convstep::python

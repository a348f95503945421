// json.h: the text in which a network's graph is saved (RFC 8259).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace convstep::network {

// Whole numbers stay whole numbers; others have a point or an exponent. An object keeps its order.
struct Json {
  using List = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;
  std::variant<std::nullptr_t, bool, int64_t, double, std::string, List, Object> value = nullptr;

  // What it is, where it is one of these. Throw ParameterError, naming `what`, where it is not.
  bool boolean(const char* what) const;
  int64_t integer(const char* what) const;
  const std::string& text(const char* what) const;
  const List& list(const char* what) const;
  const Object& object(const char* what) const;
  // The member of an object of this name, which must be there; or null, where it is not.
  const Json& operator[](const char* name) const;
  const Json* find(const char* name) const;
};

std::string to_text(const Json& json);
// A text from a stranger: throws ParameterError where it is not one that to_text could have written, but for space.
Json parse_json(std::string_view text);

}  // namespace convstep::network

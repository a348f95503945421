#include "network/json.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "convstep/error.h"

namespace convstep::network {
namespace {

template <class Wanted>
const Wanted& as(const Json& json, const char* what, const char* expected) {
  if (const Wanted* value = std::get_if<Wanted>(&json.value)) return *value;
  throw ParameterError(what, "something else", expected);
}

void write_text(std::string& to, const std::string& text) {
  to += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      to += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      to += escaped;
    } else {
      to += c;
    }
  }
  to += '"';
}

// The shortest digits that give the number back; infinity as a number that is too large for any.
void write_real(std::string& to, double real) {
  if (std::isnan(real)) throw ParameterError("network", "an attribute that is not a number", "numbers");
  if (std::isinf(real)) {
    to += real < 0 ? "-1e999" : "1e999";
    return;
  }
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, real);
  const std::string text(digits, end.ptr);
  to += text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

void write(std::string& to, const Json& json) {
  if (const auto* boolean = std::get_if<bool>(&json.value)) {
    to += *boolean ? "true" : "false";
  } else if (const auto* integer = std::get_if<int64_t>(&json.value)) {
    to += std::to_string(*integer);
  } else if (const auto* real = std::get_if<double>(&json.value)) {
    write_real(to, *real);
  } else if (const auto* text = std::get_if<std::string>(&json.value)) {
    write_text(to, *text);
  } else if (const auto* list = std::get_if<Json::List>(&json.value)) {
    to += '[';
    for (size_t k = 0; k < list->size(); ++k) {
      if (k > 0) to += ", ";
      write(to, (*list)[k]);
    }
    to += ']';
  } else if (const auto* object = std::get_if<Json::Object>(&json.value)) {
    to += '{';
    for (size_t k = 0; k < object->size(); ++k) {
      if (k > 0) to += ", ";
      write_text(to, (*object)[k].first);
      to += ": ";
      write(to, (*object)[k].second);
    }
    to += '}';
  } else {
    to += "null";
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Json whole() {
    Json json = value(0);
    skip_space();
    if (at_ != text_.size()) fail("the end");
    return json;
  }

 private:
  static constexpr int kMostLevels = 16;  // ours has six

  [[noreturn]] void fail(const char* expected) const {
    throw ParameterError("network", "another text at byte " + std::to_string(at_), expected);
  }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool take(std::string_view word) {
    skip_space();
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void need(const char* word) {
    if (!take(word)) fail(word);
  }

  Json value(int level) {
    if (level > kMostLevels) fail("fewer levels");
    if (take("null")) return {};
    if (take("true")) return {true};
    if (take("false")) return {false};
    if (take("[")) return {list(level)};
    if (take("{")) return {object(level)};
    if (take("\"")) return {string()};
    return number();
  }

  Json::List list(int level) {
    Json::List list;
    if (take("]")) return list;
    do list.push_back(value(level + 1));
    while (take(","));
    need("]");
    return list;
  }

  Json::Object object(int level) {
    Json::Object object;
    if (take("}")) return object;
    do {
      need("\"");
      std::string name = string();
      need(":");
      object.emplace_back(std::move(name), value(level + 1));
    } while (take(","));
    need("}");
    return object;
  }

  // After its quotation mark.
  std::string string() {
    std::string text;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] != '\\') {
        text += text_[at_++];
        continue;
      }
      const char escaped = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
      if (escaped == '"' || escaped == '\\') {
        text += escaped;
        at_ += 2;
        continue;
      }
      unsigned code = 0;
      const std::string_view digits = escaped == 'u' ? text_.substr(at_ + 2, 4) : std::string_view();
      const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
      if (digits.size() != 4 || end.ptr != digits.data() + 4 || code >= 0x20) fail("an escape of ours");
      text += static_cast<char>(code);
      at_ += 6;
    }
    if (at_ == text_.size()) fail("a quotation mark");
    ++at_;
    return text;
  }

  Json number() {
    const std::string_view rest = text_.substr(at_);
    const std::string_view digits = rest.substr(0, rest.find_first_not_of("+-.0123456789eE"));
    const char *begin = digits.data(), *end = begin + digits.size();
    at_ += digits.size();
    if (digits.find_first_of(".eE") == std::string_view::npos) {
      int64_t integer = 0;
      const auto read = std::from_chars(begin, end, integer);
      if (digits.empty() || read.ec != std::errc() || read.ptr != end) fail("a number before it");
      return {integer};
    }
    if (digits == "1e999" || digits == "-1e999") return {digits[0] == '-' ? -HUGE_VAL : HUGE_VAL};
    double real = 0;
    const auto read = std::from_chars(begin, end, real);
    if (read.ec != std::errc() || read.ptr != end) fail("a number before it");
    return {real};
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

bool Json::boolean(const char* what) const { return as<bool>(*this, what, "true or false"); }
int64_t Json::integer(const char* what) const { return as<int64_t>(*this, what, "a whole number"); }
const std::string& Json::text(const char* what) const { return as<std::string>(*this, what, "a text"); }
const Json::List& Json::list(const char* what) const { return as<List>(*this, what, "a list"); }
const Json::Object& Json::object(const char* what) const { return as<Object>(*this, what, "an object"); }

const Json* Json::find(const char* name) const {
  for (const auto& member : object("network")) {
    if (member.first == name) return &member.second;
  }
  return nullptr;
}

const Json& Json::operator[](const char* name) const {
  if (const Json* member = find(name)) return *member;
  throw ParameterError("network", std::string("no '") + name + "'", "one");
}

std::string to_text(const Json& json) {
  std::string text;
  write(text, json);
  return text;
}

Json parse_json(std::string_view text) { return Parser(text).whole(); }

}  // namespace convstep::network

#include "network/training/rule.h"

namespace convstep::network {
namespace {

template <class T>
std::vector<GradientRule<T>> all_rules() {
  std::vector<GradientRule<T>> rules;
  for (const auto& some : {layer_rules<T>(), pool_rules<T>(), element_rules<T>(), shape_rules<T>()}) {
    rules.insert(rules.end(), some.begin(), some.end());
  }
  return rules;
}

}  // namespace

template <class T>
const GradientRule<T>* find_rule(std::string_view operation) {
  static const std::vector<GradientRule<T>> kRules = all_rules<T>();
  for (const GradientRule<T>& rule : kRules) {
    if (rule.operation == operation) return &rule;
  }
  return nullptr;
}

template const GradientRule<float>* find_rule(std::string_view);
template const GradientRule<double>* find_rule(std::string_view);

}  // namespace convstep::network

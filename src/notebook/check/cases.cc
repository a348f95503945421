// cases.cc: the inputs that functions are tried on.
#include <random>
#include <set>

#include "convstep/check.h"
#include "notebook/check/places.h"

namespace convstep {
namespace {

// Numbers between -4 and 4 with two digits, none twice, and none near 0: a mistake shows in each of them.
class Numbers {
 public:
  double next() {
    for (;;) {
      const int hundredths = static_cast<int>(random_() % 801) - 400;
      if (hundredths > -5 && hundredths < 5) continue;
      if (given_.insert(hundredths).second) return hundredths / 100.0;
    }
  }
  CheckArray array(std::vector<int64_t> shape) {
    size_t count = 1;
    for (const int64_t length : shape) count *= static_cast<size_t>(length);
    CheckArray array{std::move(shape), std::vector<double>(count)};
    for (double& value : array.values) value = next();
    return array;
  }

 private:
  std::minstd_rand random_{7};  // whose numbers the standard fixes
  std::set<int> given_;
};

struct Layer {
  int64_t m, height, width, channels, f, filters, stride, pad;
};

// A height is no width, and a number of images is none of channels or filters. Where windows do not come out even,
// floor and ceil differ.
constexpr Layer kLayers[] = {
    {2, 5, 4, 3, 3, 4, 2, 1}, {2, 4, 6, 2, 2, 3, 1, 0}, {3, 6, 4, 2, 1, 3, 3, 2},
    {2, 3, 5, 4, 3, 2, 1, 2}, {2, 7, 5, 3, 2, 2, 3, 0}, {2, 4, 3, 2, 2, 3, 2, 2},
};

struct Pooling {
  int64_t m, height, width, channels, f, stride;
};
constexpr Pooling kPoolings[] = {
    {2, 5, 4, 3, 2, 1}, {2, 6, 7, 3, 3, 2}, {3, 6, 7, 2, 2, 3}, {2, 4, 6, 2, 2, 2}, {2, 3, 5, 4, 1, 2},
};

std::vector<CheckCase> conv_cases(bool backward) {
  std::vector<CheckCase> cases;
  for (const Layer& it : kLayers) {
    Numbers numbers;
    CheckCase one{.stride = it.stride, .pad = it.pad, .f = it.f};
    one.inputs.push_back(numbers.array({it.m, it.height, it.width, it.channels}));
    one.inputs.push_back(numbers.array({it.f, it.f, it.channels, it.filters}));
    one.inputs.push_back(numbers.array({1, 1, 1, it.filters}));
    if (backward) {
      const auto count = [&](int64_t length) {
        return check::output_count(check::SizeRule::kFloor, length, it.f, it.pad, it.stride);
      };
      one.inputs.insert(one.inputs.begin(), numbers.array({it.m, count(it.height), count(it.width), it.filters}));
    }
    cases.push_back(std::move(one));
  }
  return cases;
}

std::vector<CheckCase> pool_cases(bool backward) {
  std::vector<CheckCase> cases;
  for (const bool average : {false, true}) {
    for (const Pooling& it : kPoolings) {
      Numbers numbers;
      CheckCase one{.stride = it.stride, .f = it.f, .average = average};
      one.inputs.push_back(numbers.array({it.m, it.height, it.width, it.channels}));
      if (backward) {
        const auto count = [&](int64_t length) {
          return check::output_count(check::SizeRule::kFloor, length, it.f, 0, it.stride);
        };
        one.inputs.insert(one.inputs.begin(), numbers.array({it.m, count(it.height), count(it.width), it.channels}));
      }
      cases.push_back(std::move(one));
    }
  }
  return cases;
}

std::vector<CheckCase> pad_cases() {
  std::vector<CheckCase> cases;
  const std::vector<std::vector<int64_t>> shapes = {{2, 3, 4, 3}, {3, 4, 5, 2}, {2, 5, 3, 2}, {1, 3, 6, 4}};
  const int64_t pads[] = {1, 2, 0, 3};
  for (size_t k = 0; k < shapes.size(); ++k) {
    Numbers numbers;
    CheckCase one{.pad = pads[k]};
    one.inputs.push_back(numbers.array(shapes[k]));
    cases.push_back(std::move(one));
  }
  return cases;
}

std::vector<CheckCase> step_cases() {
  std::vector<CheckCase> cases;
  const std::vector<std::vector<int64_t>> shapes = {{3, 3, 2}, {2, 2, 3}, {1, 1, 4}, {4, 4, 3}};
  for (const auto& shape : shapes) {
    Numbers numbers;
    CheckCase one;
    one.inputs.push_back(numbers.array(shape));
    one.inputs.push_back(numbers.array(shape));
    one.inputs.push_back(numbers.array({1, 1, 1}));
    cases.push_back(std::move(one));
  }
  return cases;
}

// Windows of one maximum each: the notebook leaves others open.
std::vector<CheckCase> mask_cases() {
  std::vector<CheckCase> cases;
  Numbers numbers;
  for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{{2, 3}, {3, 2}, {4, 4}, {1, 3}}) {
    CheckCase one;
    one.inputs.push_back(numbers.array(shape));
    cases.push_back(std::move(one));
  }
  CheckCase negative;  // in which 0 would be the largest
  negative.inputs.push_back({{2, 2}, {-1.5, -0.25, -3, -2}});
  cases.push_back(std::move(negative));
  return cases;
}

std::vector<CheckCase> share_cases() {
  std::vector<CheckCase> cases;
  const double given[][3] = {{2, 2, 2}, {5, 2, 3}, {-7.5, 4, 1}, {1, 3, 5}};
  for (const auto& [dz, height, width] : given) {
    CheckCase one;
    one.inputs.push_back({{}, {dz}});
    one.inputs.push_back({{2}, {height, width}});
    cases.push_back(std::move(one));
  }
  return cases;
}

}  // namespace

std::vector<CheckCase> check_cases(CheckedFunction function) {
  switch (function) {
    case CheckedFunction::kZeroPad:
      return pad_cases();
    case CheckedFunction::kConvSingleStep:
      return step_cases();
    case CheckedFunction::kConvForward:
      return conv_cases(false);
    case CheckedFunction::kPoolForward:
      return pool_cases(false);
    case CheckedFunction::kConvBackward:
      return conv_cases(true);
    case CheckedFunction::kCreateMaskFromWindow:
      return mask_cases();
    case CheckedFunction::kDistributeValue:
      return share_cases();
    case CheckedFunction::kPoolBackward:
      return pool_cases(true);
  }
  return {};
}

}  // namespace convstep

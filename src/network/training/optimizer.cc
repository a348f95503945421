#include "network/training/optimizer.h"

#include <cmath>
#include <cstdio>

#include "convstep/error.h"

namespace convstep::network {
namespace {

void check_number(const char* name, double value, bool is_right, const char* expected) {
  if (is_right && std::isfinite(value)) return;
  char text[32];  // -1e-09, where std::to_string says -0.000000
  std::snprintf(text, sizeof text, "%g", value);
  throw ParameterError(name, text, expected);
}

void check_share(const char* name, double value) { check_number(name, value, 0 <= value && value < 1, "0 to below 1"); }
void check_positive(const char* name, double value) { check_number(name, value, value >= 0, "0 or more"); }

template <class T>
void make_room(Tensor<T, 1>& memory, size_t count) {
  if (memory.size() == 0) memory = Tensor<T, 1>({static_cast<int64_t>(count)});
}

// What of it is 0 changes no bit: a plain step adds nothing to the gradient.
template <class T>
void descend_by(const Sgd& sgd, int64_t, std::span<const T> g, Momenta<T>& momenta, std::span<T> w) {
  const T rate = static_cast<T>(sgd.rate), momentum = static_cast<T>(sgd.momentum), decay = static_cast<T>(sgd.decay);
  make_room(momenta.first, w.size());
  T* v = momenta.first.data();
  for (size_t i = 0; i < w.size(); ++i) {
    v[i] = momentum * v[i] + g[i] + decay * w[i];
    w[i] -= rate * v[i];
  }
}

template <class T>
void descend_by(const Adam& adam, int64_t number, std::span<const T> gradient, Momenta<T>& momenta, std::span<T> w) {
  const T beta1 = static_cast<T>(adam.beta1), beta2 = static_cast<T>(adam.beta2);
  const T epsilon = static_cast<T>(adam.epsilon), decay = static_cast<T>(adam.decay), rate = static_cast<T>(adam.rate);
  const T correction1 = static_cast<T>(1 - std::pow(adam.beta1, static_cast<double>(number)));
  const T correction2 = static_cast<T>(1 - std::pow(adam.beta2, static_cast<double>(number)));
  make_room(momenta.first, w.size());
  make_room(momenta.second, w.size());
  T *m = momenta.first.data(), *v = momenta.second.data();
  for (size_t i = 0; i < w.size(); ++i) {
    const T g = gradient[i] + decay * w[i];
    m[i] = beta1 * m[i] + (1 - beta1) * g;
    v[i] = beta2 * v[i] + (1 - beta2) * g * g;
    w[i] -= rate * (m[i] / correction1) / (std::sqrt(v[i] / correction2) + epsilon);
  }
}

}  // namespace

void check(const Optimizer& optimizer) {
  if (const auto* sgd = std::get_if<Sgd>(&optimizer)) {
    check_positive("rate", sgd->rate);
    check_share("momentum", sgd->momentum);
    check_positive("decay", sgd->decay);
    return;
  }
  const Adam& adam = std::get<Adam>(optimizer);
  check_positive("rate", adam.rate);
  check_share("beta1", adam.beta1);
  check_share("beta2", adam.beta2);
  check_number("epsilon", adam.epsilon, adam.epsilon > 0, "above 0");
  check_positive("decay", adam.decay);
}

void set_rate(Optimizer& optimizer, double rate) {
  check_positive("rate", rate);
  std::visit([rate](auto& one) { one.rate = rate; }, optimizer);
}

template <class T>
void descend(const Optimizer& optimizer, int64_t number, std::span<const T> gradient, Momenta<T>& momenta,
             std::span<T> values) {
  std::visit([&](const auto& one) { descend_by(one, number, gradient, momenta, values); }, optimizer);
}

template void descend(const Optimizer&, int64_t, std::span<const float>, Momenta<float>&, std::span<float>);
template void descend(const Optimizer&, int64_t, std::span<const double>, Momenta<double>&, std::span<double>);

}  // namespace convstep::network

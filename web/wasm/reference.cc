// reference.cc: src/reference for the page, compiled to WebAssembly by build.sh. What engine.mjs calls: whole planes
// and images of a layer, as the modules of web/reference/ compute them, with the same bits.
//
// All arrays are dense and lie in the memory of the module. T is float where `is_float32`, else double. Sizes, checked
// by the page: {H, W, C, KH, KW, O, stride, pad}; of a pooling O is C, and pad 0.
#include "reference/reference.h"

#include <cstdlib>

namespace convstep::web {
namespace {

struct Sizes {
  int32_t H, W, C, KH, KW, O, stride, pad;

  WindowAxis axis(int64_t input, int64_t window) const {
    return {input, window, stride, 1, pad, pad, (input + 2 * pad - window) / stride + 1};
  }
  WindowGeometry geometry() const { return {axis(H, KH), axis(W, KW)}; }
  Shape<4> image() const { return {1, H, W, C}; }
  Shape<4> weights() const { return {KH, KW, C, O}; }
  Shape<4> output() const { return {1, geometry().height.output, geometry().width.output, O}; }
};

template <class T>
View<const T, 4> in(const void* data, const Shape<4>& shape) {
  return View<const T, 4>(static_cast<const T*>(data), shape);
}
template <class T>
View<T, 4> out(void* data, const Shape<4>& shape) {
  return View<T, 4>(static_cast<T*>(data), shape);
}

// Channel o alone of an array whose last axis they are.
template <class T>
View<T, 4> channel(const View<T, 4>& view, int64_t o) {
  Shape<4> shape = view.shape();
  shape[3] = 1;
  return View<T, 4>(&view(0, 0, 0, o), shape, view.strides());
}

template <class T>
void conv_forward(const Sizes& sizes, const void* image, const void* weights, const void* bias, int32_t o,
                  void* plane) {
  Shape<4> output = sizes.output();
  output[3] = 1;
  reference::conv_forward<T>({in<T>(image, sizes.image()),
                              channel(in<T>(weights, sizes.weights()), o),
                              View<const T, 1>(static_cast<const T*>(bias) + o, {1}),
                              {},
                              out<T>(plane, output)},
                             sizes.geometry(), {});
}

template <class T>
void conv_backward(const Sizes& sizes, const void* image, const void* weights, const void* grad, void* input_grad,
                   void* weights_grad, void* bias_grad) {
  const View<const T, 4> g = in<T>(grad, sizes.output());
  reference::conv_backward_input<T>({g, in<T>(weights, sizes.weights()), out<T>(input_grad, sizes.image())},
                                    sizes.geometry(), {});
  reference::conv_backward_weights<T>({g, in<T>(image, sizes.image()), out<T>(weights_grad, sizes.weights()),
                                       View<T, 1>(static_cast<T*>(bias_grad), {sizes.O})},
                                      sizes.geometry(), {}, true);
}

PoolOptions pooling(int32_t is_max) { return {.mode = is_max != 0 ? PoolMode::kMax : PoolMode::kAverage}; }

template <class T>
void pool_forward(const Sizes& sizes, const void* image, int32_t is_max, int32_t c, void* plane) {
  Shape<4> output = sizes.output();
  output[3] = 1;
  reference::pool_forward<T>({channel(in<T>(image, sizes.image()), c), out<T>(plane, output), {}}, sizes.geometry(),
                             pooling(is_max));
}

template <class T>
void pool_backward(const Sizes& sizes, const void* image, int32_t is_max, const void* grad, void* input_grad) {
  reference::pool_backward<T>(
      {in<T>(grad, sizes.output()), in<T>(image, sizes.image()), {}, out<T>(input_grad, sizes.image())},
      sizes.geometry(), pooling(is_max), PoolTies::kAll, false);
}

}  // namespace
}  // namespace convstep::web

using convstep::web::Sizes;

extern "C" {

void* convstep_allocate(int32_t bytes) { return std::malloc(static_cast<size_t>(bytes)); }
void convstep_free(void* memory) { std::free(memory); }

// Z[:, :, o] of one image.
void convstep_conv_forward(int32_t is_float32, const Sizes* sizes, const void* image, const void* weights,
                           const void* bias, int32_t o, void* plane) {
  const auto run = is_float32 != 0 ? convstep::web::conv_forward<float> : convstep::web::conv_forward<double>;
  run(*sizes, image, weights, bias, o, plane);
}

// dA_prev of one image; its share of dW and db is added to what these hold.
void convstep_conv_backward(int32_t is_float32, const Sizes* sizes, const void* image, const void* weights,
                            const void* grad, void* input_grad, void* weights_grad, void* bias_grad) {
  const auto run = is_float32 != 0 ? convstep::web::conv_backward<float> : convstep::web::conv_backward<double>;
  run(*sizes, image, weights, grad, input_grad, weights_grad, bias_grad);
}

// A[:, :, c] of one image.
void convstep_pool_forward(int32_t is_float32, const Sizes* sizes, const void* image, int32_t is_max, int32_t c,
                           void* plane) {
  const auto run = is_float32 != 0 ? convstep::web::pool_forward<float> : convstep::web::pool_forward<double>;
  run(*sizes, image, is_max, c, plane);
}

void convstep_pool_backward(int32_t is_float32, const Sizes* sizes, const void* image, int32_t is_max, const void* grad,
                            void* input_grad) {
  const auto run = is_float32 != 0 ? convstep::web::pool_backward<float> : convstep::web::pool_backward<double>;
  run(*sizes, image, is_max, grad, input_grad);
}
}

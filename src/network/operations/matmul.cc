// matmul.cc: MatMul.
//
//   A (..., M, K)   B (..., K, N)   Y (..., M, N), where the axes before the last two are broadcast
//
// An A of one axis is a row, and a B of one axis a column, of which Y has no axis. Beside ONNX's inputs it takes a bias
// (N,), and the attributes `activation` and `slope`, which a pass puts there.
#include "network/loop.h"
#include "network/operations/linear.h"
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

// What is multiplied, where vectors have become matrices.
struct Product {
  Dims a, b;   // shapes
  Dims batch;  // the axes before the last two, broadcast
  int64_t M, K, N;

  Dims output() const {
    Dims shape = batch;
    shape.push_back(M);
    shape.push_back(N);
    return shape;
  }
};

Dims with_matrix_axes(const Dims& dims, bool is_left, int64_t filling) {
  if (dims.rank() != 1) return dims;
  return is_left ? Dims{filling, dims[0]} : Dims{dims[0], filling};
}

Dims without_last(const Dims& dims, int count) {
  return Dims(std::span<const int64_t>(dims.begin(), static_cast<size_t>(dims.rank() - count)));
}

template <class T>
Product product_of(const Request<T>& request) {
  Product product{};
  product.a = with_matrix_axes(request.inputs[0].shape, true, 1);
  product.b = with_matrix_axes(request.inputs[1].shape, false, 1);
  product.batch = broadcast(without_last(product.a, 2), without_last(product.b, 2), "B");
  product.M = product.a[product.a.rank() - 2];
  product.K = product.a[product.a.rank() - 1];
  product.N = product.b[product.b.rank() - 1];
  return product;
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& a = required(request, 0, "A", Element::kReal);
  const ValueInfo<T>& b = required(request, 1, "B", Element::kReal);
  if (a.shape.rank() == 0) throw ShapeError("A", to_string(a.shape), "one axis or more");
  if (b.shape.rank() == 0) throw ShapeError("B", to_string(b.shape), "one axis or more");
  const Product product = product_of(request);
  const int64_t rows = product.b[product.b.rank() - 2];
  if (rows != product.K) {
    throw ShapeError("B", to_string(b.shape), std::to_string(product.K) + " rows, as many as A has columns",
                     "A is " + to_string(a.shape));
  }
  if (product.K == 0 || product.N == 0) throw ShapeError("B", to_string(b.shape), "axes of 1 or more");
  if (const ValueInfo<T>& bias = request.input(2)) {
    check_element(bias, "bias", Element::kReal);
    if (!(bias.shape == Dims{product.N})) {
      throw ShapeError("bias", to_string(bias.shape), to_string(Dims{product.N}));
    }
  }
  linear_options(request.node);
  Dims shape = product.batch;
  if (a.shape.rank() > 1) shape.push_back(product.M);
  if (b.shape.rank() > 1) shape.push_back(product.N);
  return {.outputs = {{Element::kReal, check_size(shape, "B"), row_major(shape.rank())}}};
}

// An array of the product's axes.
template <class T>
NdView<T> with_axes(const ArrayView<T>& array, const Dims& shape, bool is_left) {
  return {array.real().data, shape, with_matrix_axes(array.strides, is_left, 0)};
}
template <class T>
NdView<T> output_with_axes(const ArrayView<T>& array, const Product& product, bool has_rows, bool has_columns) {
  Dims strides = without_last(array.strides, int{has_rows} + int{has_columns});
  const int rank = array.strides.rank();
  strides.push_back(has_rows ? array.strides[rank - 1 - int{has_columns}] : 0);
  strides.push_back(has_columns ? array.strides[rank - 1] : 0);
  return {array.real().data, product.output(), strides};
}

// All axes but the last as one, where they run through memory like one; else nothing.
template <class T>
View<T, 2> joined_rows(const NdView<T>& array) {
  const int last = array.rank() - 1;
  int64_t rows = 1, step = 0;
  for (int axis = last; axis-- > 0;) {
    if (array.shape[axis] == 1) continue;
    if (rows == 1) step = array.strides[axis];
    if (array.strides[axis] != step * rows) return {};
    rows *= array.shape[axis];
  }
  return {array.data, {rows, array.shape[last]}, {step, array.strides[last]}};
}

// A dense copy of an array, or room for one.
template <class T>
struct Dense {
  explicit Dense(const Dims& shape)
      : memory(Tensor<T, 1>::uninitialized({shape.count()})),
        view{memory.data(), shape, dense_strides(shape, row_major(shape.rank()))} {}
  Tensor<T, 1> memory;
  NdView<T> view;
};

// All rows of A times one B.
template <class T>
void multiply_rows(const Linear<T>& linear, const NdView<T>& a, const View<const T, 2>& b, const ArrayView<T>& bias,
                   const NdView<T>& y, const RunOptions& options) {
  const View<T, 2> to = joined_rows(y);
  if (!to) {
    const Dense<T> buffer(y.shape);
    multiply_rows(linear, a, b, bias, buffer.view, options);
    copy<T>({buffer.view.data, y.shape, buffer.view.strides}, y, options);
    return;
  }
  const View<T, 2> from = joined_rows(a);
  if (!from) {
    const Dense<T> buffer(a.shape);
    copy<T>({a.data, a.shape, a.strides}, buffer.view, options);
    multiply_rows(linear, buffer.view, b, bias, y, options);
    return;
  }
  View<const T, 2> residual;
  if (bias) residual = {bias.real().data, to.shape(), {0, bias.strides[0]}};
  linear.run(from, b, residual, to, options);
}

// Matrix by matrix.
template <class T>
void multiply_batch(const Linear<T>& linear, const Product& product, const NdView<T>& a, const NdView<T>& b,
                    const ArrayView<T>& bias, const NdView<T>& y, const RunOptions& options) {
  const int axes = product.batch.rank();
  const auto batch_strides = [&](const NdView<T>& array) {
    return broadcast_strides(without_last(array.shape, 2), without_last(array.strides, 2), product.batch);
  };
  const Dims a_strides = batch_strides(a), b_strides = batch_strides(b), y_strides = batch_strides(y);
  const int64_t count = product.batch.count();
  const double work = static_cast<double>(product.M) * static_cast<double>(product.K) * static_cast<double>(product.N);
  // Matrices side by side on threads, if there are many; else one after the other, each on all threads.
  constexpr double kWorkPerThread = 1 << 16;
  const int threads = resolve_threads(options.threads);
  const bool is_parallel = count >= threads;
  const int used = is_parallel ? threads_worth(work * static_cast<double>(count), kWorkPerThread, threads) : 1;
  parallel_for(count, used, options.progress, [&](int64_t index) {
    const T *from = a.data, *weights = b.data;
    T* to = y.data;
    for (int axis = axes; axis-- > 0;) {
      const int64_t i = index % product.batch[axis];
      index /= product.batch[axis];
      from += i * a_strides[axis];
      weights += i * b_strides[axis];
      to += i * y_strides[axis];
    }
    const auto matrix = [](auto* data, const NdView<T>& array) {
      const int rank = array.rank();
      return View<std::remove_pointer_t<decltype(data)>, 2>(data, {array.shape[rank - 2], array.shape[rank - 1]},
                                                            {array.strides[rank - 2], array.strides[rank - 1]});
    };
    View<const T, 2> residual;
    if (bias) residual = {bias.real().data, {product.M, product.N}, {0, bias.strides[0]}};
    linear.run(matrix(from, a), matrix(weights, b), residual, matrix(to, y),
               {.threads = is_parallel ? Count(1) : options.threads});
  });
}

template <class T>
Step<T> make(const Request<T>& request, const Inferred<T>& inferred) {
  const ValueInfo<T>&b = request.inputs[1], &bias = request.input(2);
  const Product product = product_of(request);
  const bool has_rows = request.inputs[0].shape.rank() > 1, has_columns = b.shape.rank() > 1;
  const bool is_one_matrix = without_last(product.b, 2).count() == 1 && product.b.rank() <= product.a.rank();
  const bool is_empty = inferred.outputs[0].shape.count() == 0;
  const bool is_packed = is_one_matrix && b.constant && (!bias || bias.constant) && !is_empty;
  Linear<T> linear(is_one_matrix ? product.batch.count() * product.M : product.M, product.K,
                   linear_options(request.node));
  const auto matrix = [=](const NdView<T>& array) {
    const Dims strides = with_matrix_axes(array.strides, false, 0);
    const int rank = strides.rank();
    return View<const T, 2>(array.data, {product.K, product.N}, {strides[rank - 2], strides[rank - 1]});
  };
  if (is_packed) {
    linear.pack(matrix(b.constant.real()),
                bias ? View<const T, 1>(bias.constant.real().template as<1>()) : View<const T, 1>());
  }
  Step<T> step;
  step.method = linear.describe();
  step.multiply_adds = static_cast<double>(inferred.outputs[0].shape.count()) * static_cast<double>(product.K);
  step.run = [=](const StepArrays<T>& arrays, const RunOptions& options) {
    if (is_empty) return;
    const NdView<T> a = with_axes(arrays.inputs[0], product.a, true);
    const NdView<T> y = output_with_axes(arrays.outputs[0], product, has_rows, has_columns);
    const bool adds = !is_packed && arrays.inputs.size() > 2;
    const ArrayView<T> added = adds ? arrays.inputs[2] : ArrayView<T>();
    if (is_one_matrix) {
      multiply_rows(linear, a, is_packed ? View<const T, 2>() : matrix(arrays.inputs[1].real()), added, y, options);
    } else {
      multiply_batch(linear, product, a, with_axes(arrays.inputs[1], product.b, false), added, y, options);
    }
  };
  return step;
}

}  // namespace

template <class T>
Operation<T> matmul_operation() {
  return {"MatMul", 3, infer<T>, make<T>};
}
template Operation<float> matmul_operation();
template Operation<double> matmul_operation();

}  // namespace convstep::network

// calls.h: what the functions for C share: their arguments as the library's, and its exceptions as codes.
#pragma once

#include <cxxabi.h>

#include <algorithm>
#include <new>
#include <string>
#include <type_traits>

#include "convstep/c/convstep.h"
#include "convstep/conv.h"
#include "convstep/error.h"
#include "convstep/pool.h"

namespace convstep::c {

// Keeps the message for this thread, and returns the status.
convstep_status failed(convstep_status status, const char* message);

// Thrown out of a call that its progress callback stops.
struct Stopped {};

template <class Function>
convstep_status guarded(const Function& function) {
  try {
    function();
    return CONVSTEP_OK;
  } catch (const ShapeError& error) {
    return failed(CONVSTEP_SHAPE_ERROR, error.what());
  } catch (const ArgumentError& error) {
    return failed(CONVSTEP_PARAMETER_ERROR, error.what());
  } catch (const std::bad_alloc&) {
    return failed(CONVSTEP_NO_MEMORY, "there is not enough memory");
  } catch (const Stopped&) {
    return failed(CONVSTEP_STOPPED, "progress: it stopped the call");
  } catch (const std::exception& error) {
    return failed(CONVSTEP_OTHER_ERROR, error.what());
#ifdef __GLIBCXX__
  } catch (const abi::__forced_unwind&) {  // the thread is being cancelled
    throw;
#endif
  } catch (...) {
    return failed(CONVSTEP_OTHER_ERROR, "an exception of an unknown kind");
  }
}

template <class T>
const T& given(const char* argument, const T* pointer) {
  if (!pointer) throw ParameterError(argument, "a null pointer", "an address");
  return *pointer;
}

template <class T>
constexpr convstep_dtype kDtype = std::is_same_v<T, float>    ? CONVSTEP_FLOAT32
                                  : std::is_same_v<T, double> ? CONVSTEP_FLOAT64
                                                              : CONVSTEP_INT64;

std::string name_of(convstep_dtype dtype);

template <class T, int Rank>
View<T, Rank> to_view(const char* argument, const convstep_array* pointer) {
  const convstep_array& array = given(argument, pointer);
  if (array.rank != Rank) {
    throw ShapeError(argument, "rank " + std::to_string(array.rank),
                     std::to_string(Rank) + (Rank == 1 ? " axis" : " axes"));
  }
  using Element = std::remove_const_t<T>;
  if (array.dtype != kDtype<Element>) {
    throw ParameterError(argument, name_of(array.dtype), name_of(kDtype<Element>));
  }
  element_count(argument, array.shape, Rank, sizeof(T));
  Shape<Rank> shape, strides;
  std::copy_n(array.shape, Rank, shape.begin());
  std::copy_n(array.strides, Rank, strides.begin());
  return {static_cast<T*>(array.data), shape, strides};
}

// Of an array that may be left out.
template <class T, int Rank>
View<T, Rank> to_view_or_none(const char* argument, const convstep_array* pointer) {
  return pointer ? to_view<T, Rank>(argument, pointer) : View<T, Rank>();
}

Shape<4> to_shape(const char* argument, const int64_t* lengths);

// Calls compute(float()) or compute(double()), as the array's dtype says.
template <class Compute>
void with_dtype(const char* argument, const convstep_array* pointer, const Compute& compute) {
  const convstep_array& array = given(argument, pointer);
  if (array.dtype == CONVSTEP_FLOAT32) return compute(float());
  if (array.dtype == CONVSTEP_FLOAT64) return compute(double());
  throw ParameterError(argument, name_of(array.dtype), "float32 or float64");
}

Padding to_padding(const convstep_padding& padding);
ConvOptions to_options(const convstep_conv_options* pointer);
PoolOptions to_options(const convstep_pool_options* pointer);

}  // namespace convstep::c

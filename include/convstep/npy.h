// npy.h: NumPy's files. .npy holds one array, .npz is a zip archive of .npy members.
//
// Reading accepts versions 1, 2 and 3, both byte orders, C and Fortran order, up to 64 axes; bool, int8 to int64, uint8
// to uint64, float16 (which becomes float32), float32 and float64. These are doors for untrusted files: a header is
// believed only as far as the file's size bears it out, and nothing is allocated before that is checked. Objects are
// never unpickled.
//
// Writing makes version 1.0, little-endian, C order. A file is written beside its target, synced, and renamed over it,
// so that the target is at every moment either the old file or the whole new one; a symbolic link is followed,
// permissions are kept. Source of the formats: NumPy's numpy.lib.format, PKWARE's APPNOTE.
//
// All functions throw FileError (the file cannot be opened, read, written) or FormatError (its contents are not valid);
// those that write also ShapeError (an Array whose bytes do not fit its shape) and ParameterError (a member's name).
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "convstep/byte_writer.h"
#include "convstep/tensor.h"
#include "convstep/warnings.h"

namespace CONVSTEP_EXPORT convstep {

enum class Dtype { kBool, kInt8, kInt16, kInt32, kInt64, kUint8, kUint16, kUint32, kUint64, kFloat32, kFloat64 };

int64_t dtype_size(Dtype dtype);      // bytes of one element
const char* dtype_name(Dtype dtype);  // NumPy's name: "float64"

// The Dtype of elements of a C++ type: bool, float, double, or a whole number of 8 to 64 bits.
template <class T>
constexpr Dtype dtype_of() {
  static_assert(std::same_as<T, bool> || std::same_as<T, float> || std::same_as<T, double> || WholeNumber<T>);
  if constexpr (std::is_same_v<T, bool>) return Dtype::kBool;
  if constexpr (std::is_same_v<T, float>) return Dtype::kFloat32;
  if constexpr (std::is_same_v<T, double>) return Dtype::kFloat64;
  if constexpr (sizeof(T) == 1) return std::is_signed_v<T> ? Dtype::kInt8 : Dtype::kUint8;
  if constexpr (sizeof(T) == 2) return std::is_signed_v<T> ? Dtype::kInt16 : Dtype::kUint16;
  if constexpr (sizeof(T) == 4) return std::is_signed_v<T> ? Dtype::kInt32 : Dtype::kUint32;
  return std::is_signed_v<T> ? Dtype::kInt64 : Dtype::kUint64;
}

// An array whose type and rank are known only at run time: dense, row-major, in the byte order of this machine.
struct Array {
  Dtype dtype = Dtype::kFloat64;
  std::vector<int64_t> shape;      // empty for a scalar
  Tensor<unsigned char, 1> bytes;  // size() * dtype_size(dtype) of them

  int64_t size() const;  // the product of the shape; 1 for a scalar

  // The elements converted to T (float or double), as NumPy's astype does. Throws ShapeError, naming `argument`, where
  // the array has not Rank axes.
  template <std::floating_point T, int Rank>
  Tensor<T, Rank> to(const std::string& argument = "array") const {
    check_rank(argument, Rank);
    Tensor<T, 1> elements = flat<T>();
    Shape<Rank> axes;
    std::copy_n(shape.begin(), Rank, axes.begin());  // which GCC 14 can bound
    return std::move(elements).template reshape<Rank>(axes);
  }

  // All elements converted, in row-major order, whatever the rank.
  template <std::floating_point T>
  Tensor<T, 1> flat() const;

  // Throws ShapeError, naming `argument`, where the array has not so many axes.
  void check_rank(const std::string& argument, int rank) const;
};

// A copy of a view or a tensor as an Array, of any rank and strides.
template <class T, int Rank>
Array to_array(View<T, Rank> view) {
  using Element = std::remove_const_t<T>;
  Array array{dtype_of<Element>(),
              {view.shape().begin(), view.shape().end()},
              Tensor<unsigned char, 1>::uninitialized({view.size() * static_cast<int64_t>(sizeof(T))})};
  copy_elements(View<const Element, Rank>(view), reinterpret_cast<Element*>(array.bytes.data()));
  return array;
}
template <class T, int Rank>
Array to_array(const Tensor<T, Rank>& tensor) {
  return to_array(tensor.view());
}

// One array: from "x.npy", from "x.npz" if it has one array, or from the member "x.npz:name" (the name with or without
// its ".npy"). A file that really is named "x:y" comes first. The kind of file is told from its contents.
Array load_array(const std::string& path);

// This and save_npz add to *warnings where a file is in place, but may not outlive a crash of the machine.
void save_npy(const std::string& path, const Array& array, Warnings* warnings = nullptr);

// The bytes of such a file, piece by piece, for where there is no file.
void write_npy(const ByteWriter& write, const Array& array);

// The names of the arrays in an .npz file in the order of its directory, without ".npy". Folders and members that do
// not begin as arrays (a readme, what macOS adds) are left out, here and in load_npz; a
// member called ".npy" whose contents are not an array is listed, and reading it is an error.
std::vector<std::string> npz_members(const std::string& path);

// One of them. Where there is no such member, the error lists those that there are.
//
//   const auto W = load_npz("weights.npz", "conv1.W").to<float, 4>("conv1.W");
Array load_npz(const std::string& path, const std::string& member);

// All of them with their names, in one pass over the file. Arrays of other types than those above, such as Python's
// objects and texts, are left out with a warning. Asking for one by its name is an error.
std::vector<std::pair<std::string, Array>> load_npz(const std::string& path, Warnings* warnings = nullptr);

// Writes an .npz file that np.load reads; deflated like np.savez_compressed where `compress`, else stored like
// np.savez.
//
//   save_npz("layer.npz", {{"W", to_array(W)}, {"b", to_array(b)}});
void save_npz(const std::string& path, std::span<const std::pair<std::string, Array>> members, bool compress = true,
              Warnings* warnings = nullptr);
void save_npz(const std::string& path, std::initializer_list<std::pair<std::string, Array>> members,
              bool compress = true, Warnings* warnings = nullptr);

// For a handler of signals that end the program: removes the unfinished files that this process is writing, where the
// file system cannot hide them (it has no O_TMPFILE). Safe in a handler. What a killed process leaves,
// ".convstep-*.tmp", a later writer into the same directory removes after an hour.
void remove_temporary_files() noexcept;

}  // namespace convstep

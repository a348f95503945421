// outputs.h: where a command's results go, checked before anything is computed.
//
// An output may have the name of an input: inputs are read whole before an output appears, and an output appears whole
// in the place of the old file. Two outputs in one place would leave only one of them, and are refused; so are two
// inputs out of one pipe.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/picture_scale.h"
#include "convstep/npy.h"

namespace convstep::cli {

// An argument or option ("--output") and the name it was given; an empty name is none.
struct NamedPath {
  std::string argument;
  std::string path;
};

// Does the output's name end in .png, whether in upper or lower case, or is it a pipe after "png:"?
bool names_picture(const std::string& path);

// What a command writes. Into a pipe without "png:" goes an array, or, where there are only pictures, a picture; or a
// page of HTML.
enum class Contents { kArrays, kPictures, kEither, kPages };

class Outputs {
 public:
  // Throws CLI::ValidationError, naming the argument: for an output that is neither called .npy, .png or .html, after
  // its contents, nor a pipe, one that is a terminal, two outputs in one place, two inputs out of one pipe.
  Outputs(const std::vector<NamedPath>& inputs, const std::vector<NamedPath>& outputs,
          Contents contents = Contents::kArrays);

  // Writes an array and says so in one line: name, shape, dtype, file.
  void save(const std::string& name, const Array& array, const std::string& path) const;

  // The same for a result that may also become a picture, in which `scale` makes values grey or colours.
  template <class T>
  void save(const std::string& name, const Tensor<T, 4>& result, const std::string& path,
            const PictureScale& scale) const;

  // Writes a page and says `line`.
  void save_page(const std::string& page, const std::string& path, const std::string& line) const;

  // Writes a picture and says `line`.
  void save_picture(const Tensor<float, 4>& picture, const std::string& path, const std::string& line) const;

 private:
  void say(const std::string& line) const;

  bool quiet_ = false;  // standard output carries the output
};

}  // namespace convstep::cli

// bytes.h: the bytes of a model, in memory or in a file, of which only what is wanted is read.
#pragma once

#include <algorithm>
#include <span>
#include <string>

#include "io/file.h"

namespace convstep::onnx {

class Bytes {
 public:
  virtual ~Bytes() = default;
  virtual int64_t size() const = 0;
  // Exactly `count` bytes from `offset`, which the caller knows to lie within size(). Throws FileError.
  virtual void read(int64_t offset, void* to, int64_t count) const = 0;
};

class FileBytes final : public Bytes {
 public:
  explicit FileBytes(const std::string& path) : file_(path) {}

  int64_t size() const override { return file_.size(); }
  void read(int64_t offset, void* to, int64_t count) const override {
    file_.read(offset, to, count);
    file_.check_size_unchanged();
  }

 private:
  InputFile file_;
};

class MemoryBytes final : public Bytes {
 public:
  explicit MemoryBytes(std::span<const unsigned char> bytes) : bytes_(bytes) {}

  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  void read(int64_t offset, void* to, int64_t count) const override {
    std::copy_n(bytes_.data() + offset, count, static_cast<unsigned char*>(to));
  }

 private:
  std::span<const unsigned char> bytes_;
};

// Some of them: none where `bytes` is null.
struct Stretch {
  const Bytes* bytes = nullptr;
  int64_t begin = 0, end = 0;

  int64_t size() const { return end - begin; }
};

}  // namespace convstep::onnx

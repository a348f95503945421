// zip_source.cc: the contents of one member, inflated piece by piece straight into the caller's memory.

#include <zlib.h>

#include <algorithm>
#include <new>

#include "convstep/error.h"
#include "io/deflate.h"
#include "io/zip.h"

namespace convstep {
namespace {

// What stored and deflated members have in common: a size that is announced, and a checksum over the contents.
class MemberSource : public ByteSource {
 public:
  MemberSource(const InputFile& file, const ZipEntry& entry, int64_t data, std::string name)
      : file_(file), entry_(entry), name_(std::move(name)), next_(data), data_end_(data + entry.compressed_size) {}

  const std::string& name() const override { return name_; }
  int64_t remaining() const override { return entry_.size - position_; }

  void read(void* bytes, int64_t count) override {
    if (count == 0) return;  // crc32_z() starts anew where the bytes are null
    fill(static_cast<unsigned char*>(bytes), count);
    crc_ = crc32_z(crc_, static_cast<const unsigned char*>(bytes), static_cast<size_t>(count));
    position_ += count;
  }

  void finish() override {
    check_end();
    if (crc_ != entry_.crc) {
      throw FormatError(name_, "the zip archive is damaged: the member's checksum (CRC-32) does not fit its contents");
    }
    file_.check_size_unchanged();
  }

 protected:
  virtual void fill(unsigned char* bytes, int64_t count) = 0;
  virtual void check_end() {}

  int64_t unread() const { return data_end_ - next_; }  // of the bytes in the archive
  void read_raw(unsigned char* bytes, int64_t count) {
    file_.read(next_, bytes, count);
    next_ += count;
  }

 private:
  const InputFile& file_;
  const ZipEntry entry_;
  const std::string name_;
  int64_t next_, data_end_;
  int64_t position_ = 0;
  uLong crc_ = 0;
};

class StoredSource : public MemberSource {
 public:
  using MemberSource::MemberSource;

 protected:
  void fill(unsigned char* bytes, int64_t count) override { read_raw(bytes, count); }
};

class DeflatedSource : public MemberSource {
 public:
  DeflatedSource(const InputFile& file, const ZipEntry& entry, int64_t data, std::string name)
      : MemberSource(file, entry, data, std::move(name)) {
    if (inflateInit2(&stream_, kRawDeflate) != Z_OK) throw std::bad_alloc();
  }
  DeflatedSource(const DeflatedSource&) = delete;
  DeflatedSource& operator=(const DeflatedSource&) = delete;
  ~DeflatedSource() override { inflateEnd(&stream_); }

 protected:
  void fill(unsigned char* bytes, int64_t count) override {
    while (count > 0) {
      const int64_t produced = inflate_some(bytes, count);
      if (produced < count && ended_) fail("the member inflates to fewer bytes than it announces");
      bytes += produced;
      count -= produced;
    }
  }

  void check_end() override {
    while (!ended_) {
      unsigned char extra;
      if (inflate_some(&extra, 1) > 0) fail("the member inflates to more bytes than it announces");
    }
    if (unread() > 0 || stream_.avail_in > 0) fail("bytes follow the member's compressed data");
  }

 private:
  [[noreturn]] void fail(const std::string& cause) const {
    throw FormatError(name(), "the zip archive is damaged: " + cause);
  }

  // At least one step forward: input consumed, output produced or the end seen. Returns the number of bytes produced.
  int64_t inflate_some(unsigned char* bytes, int64_t count) {
    if (stream_.avail_in == 0) {
      const int64_t size = std::min<int64_t>(unread(), sizeof input_);
      read_raw(input_, size);
      stream_.next_in = input_;
      stream_.avail_in = static_cast<uInt>(size);
    }
    const auto room = static_cast<uInt>(std::min(count, kMostAtOnce));
    stream_.next_out = bytes;
    stream_.avail_out = room;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result == Z_BUF_ERROR) fail("the member's compressed data is cut off");
    if (result != Z_OK && result != Z_STREAM_END) fail("the member's compressed data is not valid");
    ended_ = result == Z_STREAM_END;
    return room - stream_.avail_out;
  }

  z_stream stream_{};
  unsigned char input_[1 << 16];  // large enough that calls of read() cost little beside inflating
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> make_zip_source(const InputFile& file, const ZipEntry& entry, int64_t data,
                                            const std::string& name) {
  if (entry.method == kStored) return std::make_unique<StoredSource>(file, entry, data, name);
  return std::make_unique<DeflatedSource>(file, entry, data, name);
}

}  // namespace convstep

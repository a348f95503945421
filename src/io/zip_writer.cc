#include <zlib.h>

#include <algorithm>
#include <new>

#include "io/deflate.h"
#include "io/zip.h"

namespace convstep {
namespace {

constexpr uint16_t kVersionDeflate = 20, kVersionZip64 = 45;  // of the format, that a reader must know
constexpr uint16_t kMadeOnUnix = 3 << 8;
constexpr uint32_t kAttributes = uint32_t{0100644} << 16;  // a regular file, rw-r--r--
constexpr uint16_t kNoTime = 0, kFirstDate = 1 << 5 | 1;   // 1980-01-01: equal arrays make equal files

class Record {
 public:
  Record& u16(uint64_t value) { return number(value, 2); }
  Record& u32(uint64_t value) { return number(value, 4); }
  Record& u64(uint64_t value) { return number(value, 8); }
  Record& text(const std::string& text) {
    bytes_ += text;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  Record& number(uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_ += static_cast<char>(value >> 8 * i & 0xff);
    return *this;
  }

  std::string bytes_;
};

void append(OutputFile& file, const std::string& bytes) {
  file.write(bytes.data(), static_cast<int64_t>(bytes.size()));
}

bool is_ascii(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// A value for a 32-bit field, or the mark that it lies in the Zip64 extra field.
uint64_t or_zip64(int64_t value) { return value < int64_t{kInZip64} ? static_cast<uint64_t>(value) : kInZip64; }

std::string directory_entry(const ZipEntry& entry) {
  Record values;
  for (const int64_t value : {entry.size, entry.compressed_size, entry.offset}) {
    if (or_zip64(value) == kInZip64) values.u64(static_cast<uint64_t>(value));
  }
  Record extra;
  if (!values.bytes().empty()) extra.u16(kZip64Extra).u16(values.bytes().size()).text(values.bytes());
  const uint16_t version = extra.bytes().empty() ? kVersionDeflate : kVersionZip64;
  Record record;
  record.u32(kDirectoryEntryMark).u16(kMadeOnUnix | version).u16(version).u16(entry.flags).u16(entry.method);
  record.u16(kNoTime).u16(kFirstDate).u32(entry.crc).u32(or_zip64(entry.compressed_size)).u32(or_zip64(entry.size));
  record.u16(entry.name.size()).u16(extra.bytes().size()).u16(0).u16(0).u16(0).u32(kAttributes);
  return record.u32(or_zip64(entry.offset)).text(entry.name).text(extra.bytes()).bytes();
}

}  // namespace

struct ZipWriter::Deflater {
  Deflater() {
    constexpr int kMemoryLevel = 8;  // zlib's default
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawDeflate, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
      throw std::bad_alloc();
    }
  }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater() { deflateEnd(&stream); }

  z_stream stream{};
};

ZipWriter::ZipWriter(OutputFile& file) : file_(file) {}
ZipWriter::~ZipWriter() = default;

// Written twice: before the data, to take up its room, and once sizes and checksum are known.
std::string ZipWriter::local_header(const ZipEntry& entry) const {
  Record extra;
  if (zip64_) {
    extra.u16(kZip64Extra).u16(2 * sizeof(uint64_t));
    extra.u64(static_cast<uint64_t>(entry.size)).u64(static_cast<uint64_t>(entry.compressed_size));
  }
  const auto size = [this](int64_t value) { return zip64_ ? uint64_t{kInZip64} : static_cast<uint64_t>(value); };
  Record record;
  record.u32(kLocalHeaderMark).u16(zip64_ ? kVersionZip64 : kVersionDeflate).u16(entry.flags).u16(entry.method);
  record.u16(kNoTime).u16(kFirstDate).u32(entry.crc).u32(size(entry.compressed_size)).u32(size(entry.size));
  return record.u16(entry.name.size()).u16(extra.bytes().size()).text(entry.name).text(extra.bytes()).bytes();
}

void ZipWriter::begin(const std::string& name, int64_t size, bool deflate) {
  ZipEntry entry;
  entry.name = name;
  entry.flags = is_ascii(name) ? 0 : kUtf8Flag;
  entry.method = deflate ? kDeflated : kStored;
  entry.size = size;
  entry.offset = file_.size();
  if (deflate) deflater_ = std::make_unique<Deflater>();
  // What cannot be compressed grows a little.
  const uint64_t most =
      deflate ? deflateBound(&deflater_->stream, static_cast<uLong>(size)) : static_cast<uint64_t>(size);
  zip64_ = most >= kInZip64;
  append(file_, local_header(entry));
  data_offset_ = file_.size();
  entries_.push_back(entry);
}

void ZipWriter::write(const void* bytes, int64_t count) {
  if (count == 0) return;  // crc32_z() starts anew where the bytes are null
  ZipEntry& entry = entries_.back();
  const auto* data = static_cast<const unsigned char*>(bytes);
  entry.crc = static_cast<uint32_t>(crc32_z(entry.crc, data, static_cast<size_t>(count)));
  if (!deflater_) {
    file_.write(bytes, count);
    return;
  }
  for (int64_t done = 0; done < count; done += kMostAtOnce) {
    this->deflate(data + done, std::min(count - done, kMostAtOnce), false);
  }
}

void ZipWriter::deflate(const void* bytes, int64_t count, bool last) {
  z_stream& stream = deflater_->stream;
  stream.next_in = static_cast<Bytef*>(const_cast<void*>(bytes));  // zlib only reads it
  stream.avail_in = static_cast<uInt>(count);
  unsigned char output[1 << 16];
  do {
    stream.next_out = output;
    stream.avail_out = sizeof output;
    ::deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);  // cannot fail with these arguments
    file_.write(output, static_cast<int64_t>(sizeof output - stream.avail_out));
  } while (stream.avail_out == 0);
}

void ZipWriter::end() {
  if (deflater_) this->deflate(nullptr, 0, true);
  deflater_.reset();
  ZipEntry& entry = entries_.back();
  entry.compressed_size = file_.size() - data_offset_;
  const std::string header = local_header(entry);
  file_.write_at(entry.offset, header.data(), static_cast<int64_t>(header.size()));
}

void ZipWriter::finish() {
  const int64_t offset = file_.size();
  for (const ZipEntry& entry : entries_) append(file_, directory_entry(entry));
  const int64_t end = file_.size(), size = end - offset;
  const uint64_t count = entries_.size();
  if (count >= kInZip64Short || or_zip64(size) == kInZip64 || or_zip64(offset) == kInZip64) {
    constexpr int64_t kUncounted = 12;  // the mark and the size itself
    Record record;
    record.u32(kZip64EndMark).u64(kZip64EndSize - kUncounted).u16(kMadeOnUnix | kVersionZip64).u16(kVersionZip64);
    record.u32(0).u32(0).u64(count).u64(count).u64(static_cast<uint64_t>(size)).u64(static_cast<uint64_t>(offset));
    record.u32(kZip64LocatorMark).u32(0).u64(static_cast<uint64_t>(end)).u32(1);
    append(file_, record.bytes());
  }
  const uint64_t short_count = std::min<uint64_t>(count, kInZip64Short);
  Record record;
  record.u32(kEndMark).u16(0).u16(0).u16(short_count).u16(short_count).u32(or_zip64(size)).u32(or_zip64(offset)).u16(0);
  append(file_, record.bytes());
}

}  // namespace convstep

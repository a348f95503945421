// zip_reader.cc: the archive's directory. What it says is believed only after it has been compared with the file.

#include <algorithm>
#include <string_view>

#include "convstep/error.h"
#include "io/deflate.h"
#include "io/quote.h"
#include "io/zip.h"

namespace convstep {
namespace {

constexpr int64_t kMaxComment = 0xffff;

// Little-endian numbers out of a record, one after the other.
class Fields {
 public:
  Fields(std::string_view bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  size_t left() const { return bytes_.size(); }

  std::string_view take(size_t count) {
    if (count > bytes_.size()) throw FormatError(path_, "the zip archive is damaged: a record in it is cut off");
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  void skip(size_t count) { take(count); }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  // A 64-bit size or offset, which no file can have beyond 2^63.
  int64_t size64() {
    const uint64_t value = number(8);
    if (value > INT64_MAX) throw FormatError(path_, "the zip archive is damaged: a size in it is impossible");
    return static_cast<int64_t>(value);
  }

 private:
  uint64_t number(size_t size) {
    uint64_t value = 0;
    const std::string_view digits = take(size);
    for (size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(digits[i]);
    return value;
  }

  std::string_view bytes_;
  const std::string& path_;
};

std::string read_string(const InputFile& file, int64_t offset, int64_t count) {
  std::string bytes(static_cast<size_t>(count), '\0');
  file.read(offset, bytes.data(), count);
  return bytes;
}

[[noreturn]] void damaged(const InputFile& file, const std::string& cause) {
  throw FormatError(file.path(), "the zip archive is damaged: " + cause);
}

struct Directory {
  int64_t count = 0, size = 0, offset = 0;
};

// The Zip64 form of the end record, which lies before a locator of its own; false where there is no locator. Programs
// that write into a pipe put it there whether or not it is needed.
bool read_zip64_end(const InputFile& file, int64_t end_offset, Directory* directory, int64_t* directory_end) {
  const int64_t locator_offset = end_offset - kZip64LocatorSize;
  if (locator_offset < kZip64EndSize) return false;
  const std::string locator_bytes = read_string(file, locator_offset, kZip64LocatorSize);
  Fields locator(locator_bytes, file.path());
  if (locator.u32() != kZip64LocatorMark) return false;
  locator.skip(4);  // the disk
  const int64_t offset = locator.size64();
  if (offset > locator_offset - kZip64EndSize) damaged(file, "its Zip64 record is not where it should be");

  const std::string record_bytes = read_string(file, offset, kZip64EndSize);
  Fields record(record_bytes, file.path());
  constexpr int64_t kUncounted = 12;  // the mark and the size itself
  if (record.u32() != kZip64EndMark || record.size64() != locator_offset - offset - kUncounted) {
    damaged(file, "its Zip64 record is not where it should be");
  }
  record.skip(2 + 2 + 4 + 4 + 8);  // versions, disks, entries on this disk
  directory->count = record.size64();
  directory->size = record.size64();
  directory->offset = record.size64();
  *directory_end = offset;
  return true;
}

// Finds the end record, behind which only a comment may follow.
int64_t find_end(const InputFile& file) {
  const int64_t tail_size = std::min(file.size(), kEndSize + kMaxComment);
  const std::string tail = read_string(file, file.size() - tail_size, tail_size);
  for (int64_t at = tail_size - kEndSize; at >= 0; --at) {
    Fields fields(std::string_view(tail).substr(static_cast<size_t>(at)), file.path());
    if (fields.u32() != kEndMark) continue;
    fields.skip(kEndSize - 6);
    if (fields.u16() == fields.left()) return file.size() - tail_size + at;
  }
  throw FormatError(file.path(), "the zip archive has no end: the file is cut off, or something was added to it");
}

Directory find_directory(const InputFile& file) {
  const int64_t end_offset = find_end(file);
  const std::string end_bytes = read_string(file, end_offset, kEndSize);
  Fields end(end_bytes, file.path());
  end.skip(4);
  const int disk = end.u16(), directory_disk = end.u16();
  end.skip(2);  // entries on this disk
  const Directory plain{end.u16(), end.u32(), end.u32()};
  Directory directory = plain;
  int64_t directory_end = end_offset;
  const bool zip64 = read_zip64_end(file, end_offset, &directory, &directory_end);
  const auto agrees = [](int64_t value, int64_t wide, int64_t marker) { return value == wide || value == marker; };
  if (!agrees(plain.count, directory.count, kInZip64Short) || !agrees(plain.size, directory.size, kInZip64) ||
      !agrees(plain.offset, directory.offset, kInZip64)) {
    damaged(file, "its two end records say different things");
  }
  if (!zip64 && (disk != 0 || directory_disk != 0)) {
    throw FormatError(file.path(), "the zip archive is split over several files, which cannot be read");
  }
  if (directory.size > directory_end || directory.offset != directory_end - directory.size) {
    damaged(file, "its directory is not where it should be");
  }
  if (directory.count > directory.size / kDirectoryEntrySize) {
    damaged(file, "it announces " + std::to_string(directory.count) + " members, more than its directory can hold");
  }
  return directory;
}

// Takes the values that did not fit from the Zip64 extra field. They stand there in this order, each only if needed.
void read_zip64_extra(std::string_view extra, ZipEntry* entry, const InputFile& file) {
  Fields fields(extra, file.path());
  while (fields.left() >= 4) {
    const uint16_t id = fields.u16();
    Fields values(fields.take(fields.u16()), file.path());
    if (id != kZip64Extra) continue;
    for (int64_t* value : {&entry->size, &entry->compressed_size, &entry->offset}) {
      if (*value == kInZip64) *value = values.size64();
    }
    return;
  }
}

ZipEntry read_entry(Fields& fields, const InputFile& file) {
  if (fields.u32() != kDirectoryEntryMark) damaged(file, "its directory is not valid");
  ZipEntry entry;
  fields.skip(2 + 2);  // versions
  entry.flags = fields.u16();
  entry.method = fields.u16();
  fields.skip(2 + 2);  // time and date
  entry.crc = fields.u32();
  entry.compressed_size = fields.u32();
  entry.size = fields.u32();
  const size_t name_size = fields.u16(), extra_size = fields.u16(), comment_size = fields.u16();
  fields.skip(2 + 2 + 4);  // disk, attributes
  entry.offset = fields.u32();
  entry.name = fields.take(name_size);
  read_zip64_extra(fields.take(extra_size), &entry, file);
  fields.skip(comment_size);
  if (entry.name.empty() || entry.name.find('\0') != std::string::npos) {
    throw FormatError(file.path(),
                      "the zip archive has a member with the name " + quoted(entry.name) + ", which cannot be used");
  }
  return entry;
}

// Sets every entry's end, and refuses members that share bytes: many small ones could otherwise inflate the same data
// over and over.
void check_overlap(std::vector<ZipEntry>& entries, int64_t directory_offset, const InputFile& file) {
  std::vector<ZipEntry*> by_offset;
  by_offset.reserve(entries.size());
  for (ZipEntry& entry : entries) by_offset.push_back(&entry);
  std::sort(by_offset.begin(), by_offset.end(),
            [](const ZipEntry* a, const ZipEntry* b) { return a->offset < b->offset; });
  for (size_t i = 0; i < by_offset.size(); ++i) {
    ZipEntry& entry = *by_offset[i];
    const bool last = i + 1 == by_offset.size();
    entry.end = last ? directory_offset : by_offset[i + 1]->offset;
    const int64_t header = kLocalHeaderSize + static_cast<int64_t>(entry.name.size());
    if (entry.offset > entry.end || entry.compressed_size > entry.end - entry.offset - header) {
      damaged(file, "its member " + quoted(entry.name) + " overlaps " +
                        (last ? "the directory" : "the member " + quoted(by_offset[i + 1]->name)));
    }
  }
}

const char* method_name(uint16_t method) {
  switch (method) {
    case 9:
      return "Deflate64";
    case 12:
      return "bzip2";
    case 14:
      return "LZMA";
    case 93:
      return "Zstandard";
    default:
      return "an unknown one";
  }
}

void check_flags(uint16_t flags, const std::string& name) {
  if (flags & (kEncryptedFlag | kStrongEncryptionFlag)) {
    throw FormatError(name, "it is encrypted, which cannot be read");
  }
  if (flags & kPatchFlag) throw FormatError(name, "it holds changes to another file, which cannot be read");
}

void check_readable(const ZipEntry& entry, const std::string& name) {
  check_flags(entry.flags, name);
  if (!is_readable(entry)) {
    throw FormatError(name, "it is compressed with method " + std::to_string(entry.method) + " (" +
                                method_name(entry.method) + "); only stored and deflated members can be read");
  }
  const int64_t most = entry.method == kStored ? entry.compressed_size
                       : entry.compressed_size > INT64_MAX / kMaxDeflateRatio
                           ? INT64_MAX
                           : entry.compressed_size * kMaxDeflateRatio;
  if (entry.size > most || (entry.method == kStored && entry.size != entry.compressed_size)) {
    throw FormatError(name, "it announces " + std::to_string(entry.size) + " bytes, which its " +
                                std::to_string(entry.compressed_size) + " bytes in the archive cannot hold");
  }
}

// Compares the member's own header with the directory; returns where its data begins. Of the flags only those matter
// that change how the data are read: programs differ in where they note how hard they compressed.
int64_t check_local_header(const InputFile& file, const ZipEntry& entry, const std::string& name) {
  const std::string bytes = read_string(file, entry.offset, kLocalHeaderSize);
  Fields fields(bytes, name);
  const bool has_mark = fields.u32() == kLocalHeaderMark;
  fields.skip(2);  // version
  const uint16_t flags = fields.u16(), method = fields.u16();
  fields.skip(2 + 2);  // time and date
  const uint32_t crc = fields.u32();
  const int64_t compressed_size = fields.u32(), size = fields.u32();
  const int64_t name_size = fields.u16(), extra_size = fields.u16();

  const auto agrees = [](int64_t local, int64_t central) { return local == central || local == kInZip64; };
  const bool sizes_follow = (flags | entry.flags) & kDescriptorFlag;
  const bool sizes_agree =
      sizes_follow || (crc == entry.crc && agrees(size, entry.size) && agrees(compressed_size, entry.compressed_size));
  if (has_mark) check_flags(flags, name);
  if (!has_mark || method != entry.method || !sizes_agree || name_size != static_cast<int64_t>(entry.name.size()) ||
      read_string(file, entry.offset + kLocalHeaderSize, name_size) != entry.name) {
    throw FormatError(name, "the zip archive is damaged: the member's header and the directory say different things");
  }
  const int64_t data = entry.offset + kLocalHeaderSize + name_size + extra_size;
  if (entry.compressed_size > entry.end - data) {
    throw FormatError(name, "the zip archive is damaged: the member overlaps what follows it");
  }
  return data;
}

}  // namespace

std::vector<ZipEntry> read_zip_directory(const InputFile& file) {
  const Directory directory = find_directory(file);
  const std::string bytes = read_string(file, directory.offset, directory.size);
  Fields fields(bytes, file.path());
  std::vector<ZipEntry> entries;
  entries.reserve(static_cast<size_t>(directory.count));
  for (int64_t i = 0; i < directory.count; ++i) entries.push_back(read_entry(fields, file));
  if (fields.left() > 0) damaged(file, "its directory holds more members than it announces");
  check_overlap(entries, directory.offset, file);
  return entries;
}

bool is_readable(const ZipEntry& entry) {
  constexpr uint16_t kUnreadable = kEncryptedFlag | kStrongEncryptionFlag | kPatchFlag;
  return (entry.flags & kUnreadable) == 0 && (entry.method == kStored || entry.method == kDeflated);
}

std::unique_ptr<ByteSource> open_zip_member(const InputFile& file, const ZipEntry& entry, const std::string& name) {
  check_readable(entry, name);
  return make_zip_source(file, entry, check_local_header(file, entry, name), name);
}

}  // namespace convstep

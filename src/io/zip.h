// zip.h: the parts of the zip format that .npz files use (PKWARE's APPNOTE 6.3): stored and deflated members, Zip64.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/file.h"
#include "io/npy_stream.h"

namespace convstep {

// Marks and fixed sizes of the format's records.
inline constexpr uint32_t kLocalHeaderMark = 0x04034b50;
inline constexpr uint32_t kDirectoryEntryMark = 0x02014b50;
inline constexpr uint32_t kEndMark = 0x06054b50;
inline constexpr uint32_t kZip64EndMark = 0x06064b50;
inline constexpr uint32_t kZip64LocatorMark = 0x07064b50;
inline constexpr int64_t kLocalHeaderSize = 30;
inline constexpr int64_t kDirectoryEntrySize = 46;
inline constexpr int64_t kEndSize = 22;
inline constexpr int64_t kZip64EndSize = 56;
inline constexpr int64_t kZip64LocatorSize = 20;
inline constexpr uint16_t kZip64Extra = 0x0001;  // the extra field that holds 64-bit sizes and offsets
// A field of all ones says that the value is in the Zip64 record.
inline constexpr uint16_t kInZip64Short = 0xffff;
inline constexpr uint32_t kInZip64 = 0xffffffff;

inline constexpr uint16_t kStored = 0;
inline constexpr uint16_t kDeflated = 8;

inline constexpr uint16_t kEncryptedFlag = 1 << 0;
inline constexpr uint16_t kDescriptorFlag = 1 << 3;  // sizes and checksum follow the data, the local header has none
inline constexpr uint16_t kPatchFlag = 1 << 5;       // changes to another file
inline constexpr uint16_t kStrongEncryptionFlag = 1 << 6;
inline constexpr uint16_t kUtf8Flag = 1 << 11;

// A member as the central directory describes it.
struct ZipEntry {
  std::string name;
  uint16_t flags = 0, method = 0;
  uint32_t crc = 0;
  int64_t compressed_size = 0, size = 0;
  int64_t offset = 0;  // of its local header
  int64_t end = 0;     // where the next member, or the directory, begins
};

// The archive's directory, in its order. Refuses what makes an archive ambiguous: members that overlap, bytes after the
// archive, and bytes before it that its offsets do not count (two archives in one file). Bytes that no member claims
// are passed over: programs that take a member out in place leave them, and the directory decides for other readers,
// too. Takes time in proportion to the number of members (times its logarithm).
std::vector<ZipEntry> read_zip_directory(const InputFile& file);

// Whether open_zip_member() knows how to decrypt and inflate such a member. A FormatError of its own says why not.
bool is_readable(const ZipEntry& entry);

// The contents of a member, inflated and checked on the way. Errors call it `name`. The file must outlive it.
std::unique_ptr<ByteSource> open_zip_member(const InputFile& file, const ZipEntry& entry, const std::string& name);

// The same without the checks, for a member whose data begin at `data`.
std::unique_ptr<ByteSource> make_zip_source(const InputFile& file, const ZipEntry& entry, int64_t data,
                                            const std::string& name);

// Writes an archive front to back.
//
//   ZipWriter zip(file);
//   zip.begin("a.npy", size, deflate);  zip.write(...);  zip.end();  // for each member
//   zip.finish();
class ZipWriter {
 public:
  explicit ZipWriter(OutputFile& file);
  ~ZipWriter();

  // A member of exactly `size` bytes.
  void begin(const std::string& name, int64_t size, bool deflate);
  void write(const void* bytes, int64_t count);
  void end();
  // The directory. The file is left to be committed.
  void finish();

 private:
  struct Deflater;

  std::string local_header(const ZipEntry& entry) const;
  void deflate(const void* bytes, int64_t count, bool last);

  OutputFile& file_;
  std::vector<ZipEntry> entries_;
  std::unique_ptr<Deflater> deflater_;  // of the member that is being written, if it is deflated
  bool zip64_ = false;                  // the same member's sizes may need 64 bits
  int64_t data_offset_ = 0;
};

}  // namespace convstep

// zip_builder.h: zip archives byte by byte, as they should be or with any field wrong.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace convstep::test {

inline std::string number(uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * i & 0xff);
  return bytes;
}

inline std::string deflated(const std::string& data) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string result(deflateBound(&stream, data.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

// A member as it should be, every field of which a test may set wrong.
struct Member {
  Member(std::string member_name, const std::string& contents, bool deflate)
      : name(std::move(member_name)),
        local_name(name),
        data(deflate ? deflated(contents) : contents),
        method(deflate ? 8 : 0),
        crc(static_cast<uint32_t>(
            crc32(0, reinterpret_cast<const Bytef*>(contents.data()), static_cast<uInt>(contents.size())))),
        compressed_size(data.size()),
        size(contents.size()),
        local_compressed_size(compressed_size),
        local_size(size) {}

  std::string name, local_name, data;
  uint16_t flags = 0, method;
  uint32_t crc;
  uint64_t compressed_size, size, local_compressed_size, local_size;
  std::string extra, local_extra, after;  // after the data
  int64_t moved = 0;                      // added to the offset in the directory
};

inline std::string local_part(const Member& m) {
  return number(0x04034b50, 4) + number(20, 2) + number(m.flags, 2) + number(m.method, 2) + number(0, 4) +
         number(m.flags & 8 ? 0 : m.crc, 4) + number(m.local_compressed_size, 4) + number(m.local_size, 4) +
         number(m.local_name.size(), 2) + number(m.local_extra.size(), 2) + m.local_name + m.local_extra + m.data +
         m.after;
}

inline std::string directory_part(const Member& m, uint64_t offset) {
  return number(0x02014b50, 4) + number(20, 2) + number(20, 2) + number(m.flags, 2) + number(m.method, 2) +
         number(0, 4) + number(m.crc, 4) + number(m.compressed_size, 4) + number(m.size, 4) + number(m.name.size(), 2) +
         number(m.extra.size(), 2) + number(0, 2) + number(0, 8) + number(offset, 4) + m.name + m.extra;
}

inline std::string end_record(uint64_t count, uint64_t size, uint64_t offset, const std::string& comment = "") {
  return number(0x06054b50, 4) + number(0, 4) + number(count, 2) + number(count, 2) + number(size, 4) +
         number(offset, 4) + number(comment.size(), 2) + comment;
}

struct Parts {
  std::string members, directory;
};

inline Parts parts_of(const std::vector<Member>& members) {
  Parts parts;
  for (const Member& member : members) {
    parts.directory += directory_part(member, parts.members.size() + static_cast<uint64_t>(member.moved));
    parts.members += local_part(member);
  }
  return parts;
}

inline std::string zip(const std::vector<Member>& members, const std::string& comment = "") {
  const Parts parts = parts_of(members);
  return parts.members + parts.directory +
         end_record(members.size(), parts.directory.size(), parts.members.size(), comment);
}

}  // namespace convstep::test

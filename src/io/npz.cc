#include "io/npz.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "convstep/error.h"
#include "io/file_kind.h"
#include "io/npy_header.h"
#include "io/npy_stream.h"
#include "io/quote.h"
#include "io/zip.h"

namespace convstep {
namespace {

constexpr std::string_view kSuffix = ".npy";

std::string_view member_name(const ZipEntry& entry) {
  std::string_view name = entry.name;
  if (name.ends_with(kSuffix)) name.remove_suffix(kSuffix.size());
  return name;
}

// How errors call a member.
std::string full_name(const InputFile& file, const ZipEntry& entry) {
  const std::string shown = quoted(member_name(entry));
  return file.path() + ":" + shown.substr(1, shown.size() - 2);
}

// macOS puts what it knows about "a.npy" into "__MACOSX/._a.npy" or "._a.npy".
bool is_apple_double(std::string_view name) {
  return name.starts_with("__MACOSX/") || name.substr(name.rfind('/') + 1).starts_with("._");
}

// As in np.load a member is an array if it begins as one, whatever its name. One that is called an array but is none is
// damaged rather than something else, so it counts.
bool is_array(const InputFile& file, const ZipEntry& entry) {
  if (entry.name.ends_with('/')) return false;  // a folder
  if (entry.name.ends_with(kSuffix) && !is_apple_double(entry.name)) return true;
  if (!is_readable(entry)) return false;
  const std::unique_ptr<ByteSource> source = open_zip_member(file, entry, full_name(file, entry));
  std::string start(kNpyMark.size(), '\0');
  if (source->remaining() < static_cast<int64_t>(start.size())) return false;
  source->read(start.data(), static_cast<int64_t>(start.size()));
  return start == kNpyMark;
}

// The arrays among the members, in the directory's order. Each has a name of its own even without ".npy".
std::vector<ZipEntry> find_arrays(const InputFile& file, std::vector<ZipEntry> entries) {
  std::erase_if(entries, [&](const ZipEntry& entry) { return !is_array(file, entry); });
  std::unordered_set<std::string_view> names;
  for (const ZipEntry& entry : entries) {
    if (!names.insert(member_name(entry)).second) {
      throw FormatError(file.path(), "two of its arrays have the name " + quoted(member_name(entry)));
    }
  }
  return entries;
}

std::string list_names(const std::vector<ZipEntry>& entries) {
  constexpr size_t kMostNames = 10;
  std::string list;
  for (size_t i = 0; i < std::min(entries.size(), kMostNames); ++i) {
    list += (i > 0 ? ", " : "") + quoted(member_name(entries[i]));
  }
  return list + (entries.size() > kMostNames ? ", ..." : "");
}

std::string count_arrays(const std::vector<ZipEntry>& arrays) {
  if (arrays.empty()) return "it has no arrays";
  return "it has " + std::to_string(arrays.size()) + (arrays.size() == 1 ? " array: " : " arrays: ") +
         list_names(arrays);
}

Array load_entry(const InputFile& file, const ZipEntry& entry) {
  return read_npy(*open_zip_member(file, entry, full_name(file, entry)));
}

void check_zip(const InputFile& file) {
  if (file_kind(file) != FileKind::kZip)
    throw FormatError(file.path(), "it is not a .npz file: " + describe_kind(file));
}

// Well-formed UTF-8, which zip archives hold names in. np.load refuses a whole archive over one bad name.
bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const int following = first < 0x80         ? 0
                          : first >> 5 == 0x6  ? 1
                          : first >> 4 == 0xe  ? 2
                          : first >> 3 == 0x1e ? 3
                                               : -1;
    if (following < 0 || i + following >= text.size()) return false;
    uint32_t code = following == 0 ? first : first & (0x3f >> following);
    for (int k = 1; k <= following; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if (next >> 6 != 2) return false;
      code = code << 6 | (next & 0x3f);
    }
    constexpr uint32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};  // code for each length: shorter forms must be used
    const bool surrogate = 0xd800 <= code && code <= 0xdfff;
    if (code < kSmallest[following] || code > 0x10ffff || surrogate) return false;
    i += 1 + following;
  }
  return true;
}

void check_members(std::span<const std::pair<std::string, Array>> members) {
  constexpr size_t kLongestName = 0xffff - kSuffix.size();  // its length is written in 16 bits
  std::unordered_set<std::string_view> names;
  for (const auto& [name, array] : members) {
    const bool usable = !name.empty() && name.size() <= kLongestName && name.find('\0') == std::string::npos;
    if (!usable || !is_utf8(name)) {
      throw ParameterError("members", "the name " + quoted(name), "names of 1 to 65531 bytes of UTF-8 without NUL");
    }
    if (!names.insert(name).second) {
      throw ParameterError("members", "the name " + quoted(name) + " twice", "a name of its own for every array");
    }
    check_savable(array);
  }
}

}  // namespace

Array load_npz_member(const InputFile& file, const std::string& member) {
  const std::vector<ZipEntry> entries = read_zip_directory(file), arrays = find_arrays(file, entries);
  for (const ZipEntry& entry : arrays) {
    if (member_name(entry) == member) return load_entry(file, entry);
  }
  for (const ZipEntry& entry : entries) {
    if (entry.name == member) return load_entry(file, entry);  // "w.npy", or an error that says why it is no array
  }
  throw FormatError(file.path(), "it has no member " + quoted(member) + "; " + count_arrays(arrays));
}

Array load_npz_only_member(const InputFile& file) {
  const std::vector<ZipEntry> arrays = find_arrays(file, read_zip_directory(file));
  if (arrays.size() != 1) {
    throw FormatError(file.path(), count_arrays(arrays) +
                                       (arrays.empty() ? "" : "; choose one by adding ':' and its name to the path"));
  }
  return load_entry(file, arrays[0]);
}

std::vector<std::string> npz_members(const std::string& path) {
  const InputFile file(path);
  check_zip(file);
  std::vector<std::string> names;
  for (const ZipEntry& entry : find_arrays(file, read_zip_directory(file))) names.emplace_back(member_name(entry));
  return names;
}

std::vector<std::pair<std::string, Array>> load_npz(const std::string& path, Warnings* warnings) {
  const InputFile file(path);
  check_zip(file);
  std::vector<std::pair<std::string, Array>> members;
  for (const ZipEntry& entry : find_arrays(file, read_zip_directory(file))) {
    try {
      members.emplace_back(member_name(entry), load_entry(file, entry));
    } catch (const UnsupportedDtype& error) {
      if (warnings != nullptr) warnings->push_back(std::string(error.what()) + "; it was left out");
    }
  }
  return members;
}

Array load_npz(const std::string& path, const std::string& member) {
  const InputFile file(path);
  check_zip(file);
  return load_npz_member(file, member);
}

void save_npz(const std::string& path, std::initializer_list<std::pair<std::string, Array>> members, bool compress,
              Warnings* warnings) {
  save_npz(path, std::span(members.begin(), members.size()), compress, warnings);
}

void save_npz(const std::string& path, std::span<const std::pair<std::string, Array>> members, bool compress,
              Warnings* warnings) {
  check_members(members);
  OutputFile file(path);
  ZipWriter zip(file);
  for (const auto& [name, array] : members) {
    const std::string preamble = npy_preamble(array.dtype, array.shape);
    const auto preamble_size = static_cast<int64_t>(preamble.size());
    zip.begin(name + std::string(kSuffix), preamble_size + array.bytes.size(), compress);
    zip.write(preamble.data(), preamble_size);
    zip.write(array.bytes.data(), array.bytes.size());
    zip.end();
  }
  zip.finish();
  file.commit(warnings);
}

}  // namespace convstep

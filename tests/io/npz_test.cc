#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "convstep/error.h"
#include "convstep/npy.h"
#include "tests/io/npz_fixture.h"
#include "tests/io/zip_builder.h"
#include "tests/support/array_bytes.h"
#include "tests/support/temporary_directory.h"

namespace convstep {
namespace {

using test::number;
using test::read_file;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Array array_of(const std::string& elements) {
  const auto size = static_cast<int64_t>(elements.size());
  Array array{Dtype::kUint8, {size}, Tensor<unsigned char, 1>({size})};
  std::memcpy(array.bytes.data(), elements.data(), elements.size());
  return array;
}

using NpzTest = NpzFixture;

TEST_F(NpzTest, ReadsStoredAndDeflatedMembers) {
  const std::string archive = zip({stored_, deflated_});
  EXPECT_EQ(load(archive, "w"), "hello");
  EXPECT_EQ(load(archive, "w.npy"), "hello");
  EXPECT_EQ(load(archive, "b"), "a longer text, a longer text, a longer text");
  EXPECT_THAT(npz_members(path_), ElementsAre("w", "b"));
  const auto members = load_npz(path_);
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[0].first, "w");
  EXPECT_EQ(bytes_of(members[0].second), "hello");
  EXPECT_EQ(bytes_of(members[1].second), "a longer text, a longer text, a longer text");
}

TEST_F(NpzTest, NeedsNoNameForAnOnlyMember) {
  EXPECT_EQ(load(zip({stored_})), "hello");
  EXPECT_THAT(error(zip({})), HasSubstr("it has no arrays"));
  EXPECT_THAT(error(zip({stored_, deflated_})),
              HasSubstr("it has 2 arrays: 'w', 'b'; choose one by adding ':' and its name to the path"));
}

TEST_F(NpzTest, ListsAtMostTenNamesForAMissingMember) {
  EXPECT_THAT(error(zip({stored_, deflated_}), "x"), HasSubstr("it has no member 'x'; it has 2 arrays: 'w', 'b'"));
  std::vector<Member> many;
  for (int i = 0; i < 12; ++i) many.emplace_back(std::string("m").append(std::to_string(i)), npy("x"), false);
  EXPECT_THAT(error(zip(many), "x"),
              AllOf(HasSubstr("it has 12 arrays: 'm0', "), HasSubstr("'m9', ..."), testing::Not(HasSubstr("'m10'"))));
}

TEST_F(NpzTest, LoadsOneByItsName) {
  save_npz(path_, {{"W", to_array(Tensor<float, 2>({1, 2}, {1, 2}))}, {"b", to_array(Tensor<double, 1>({1}, {3}))}});
  EXPECT_THAT((load_npz(path_, "W").to<float, 2>("W")), testing::ElementsAre(1, 2));
  EXPECT_EQ(load_npz(path_, "b.npy").dtype, Dtype::kFloat64);
  EXPECT_THAT(message_of<FormatError>(path_, [&] { load_npz(path_, "w"); }),
              HasSubstr("it has no member 'w'; it has 2"));
  save_npy(path_, to_array(Tensor<float, 1>({1})));
  EXPECT_THAT(message_of<FormatError>(path_, [&] { load_npz(path_, "W"); }), HasSubstr("it is not a .npz file"));
}

TEST_F(NpzTest, AddressesAnyName) {
  const std::string up = zip({Member("../../up.npy", npy("up"), false), Member("a:b.npy", npy("colon"), true),
                              Member("a.npy.npy", npy("twice"), false), Member("plain", npy("plain"), false)});
  EXPECT_EQ(load(up, "../../up"), "up");
  EXPECT_EQ(load(up, "a:b"), "colon");
  EXPECT_EQ(load(up, "a.npy"), "twice");
  EXPECT_EQ(load(up, "plain"), "plain");
  EXPECT_THAT(directory_.names(), ElementsAre("arrays.npz"));
  EXPECT_THAT(error(zip({Member("line\nbreak\x1b[2J.npy", "x", false)})),
              HasSubstr("line\\x0abreak\\x1b[2J: it is not a .npy array"));
  EXPECT_THAT(error(zip({Member(std::string("w\0.npy", 6), npy("x"), false)})),
              HasSubstr("'w\\x00.npy', which cannot"));
  EXPECT_THAT(error(zip({Member("", npy("x"), false)})), HasSubstr("a member with the name ''"));
}

TEST_F(NpzTest, FindsTheKindByContentsNotByName) {
  const std::string odd = write_file(directory_.file("archive.npy"), zip({stored_}));
  EXPECT_EQ(bytes_of(load_array(odd)), "hello");
  const std::string array = write_file(directory_.file("array.npz"), npy("x"));
  EXPECT_THAT(message_of<FormatError>(array, [&] { npz_members(array); }), HasSubstr("it is a .npy array"));
  EXPECT_THAT(message_of<FormatError>(array, [&] { load_npz(array); }), HasSubstr("it is not a .npz file"));
}

TEST_F(NpzTest, AcceptsComments) {
  EXPECT_EQ(load(zip({stored_}, "a comment")), "hello");
  EXPECT_EQ(load(zip({stored_}, std::string(65535, 'c'))), "hello");
  EXPECT_EQ(load(zip({stored_}, "a mark PK\5\6 in the comment, and the rest of what might be a record")), "hello");
}

TEST_F(NpzTest, AcceptsDataDescriptors) {
  Member member = deflated_;
  member.flags = 8;
  member.local_compressed_size = member.local_size = 0;
  member.after =
      number(0x08074b50, 4) + number(member.crc, 4) + number(member.compressed_size, 4) + number(member.size, 4);
  EXPECT_EQ(load(zip({member, stored_}), "b"), "a longer text, a longer text, a longer text");
  EXPECT_EQ(load(zip({member, stored_}), "w"), "hello");
}

TEST_F(NpzTest, AcceptsZip64Fields) {
  Member member = deflated_;
  const std::string sizes = number(member.size, 8) + number(member.compressed_size, 8);
  member.local_extra = number(1, 2) + number(16, 2) + sizes;
  member.local_size = member.local_compressed_size = 0xffffffff;
  EXPECT_EQ(load(zip({member})), "a longer text, a longer text, a longer text");
  member.size = member.compressed_size = 0xffffffff;
  member.extra = number(0x5455, 2) + number(1, 2) + "x" + number(1, 2) + number(16, 2) + sizes;
  EXPECT_EQ(load(zip({member})), "a longer text, a longer text, a longer text");
  member.moved = 0xffffffff;  // the offset, which is 0, is in the extra field too
  member.extra = number(1, 2) + number(24, 2) + sizes + number(0, 8);
  EXPECT_EQ(load(zip({member})), "a longer text, a longer text, a longer text");
  member.extra = number(1, 2) + number(8, 2) + number(member.size, 8);
  EXPECT_THAT(error(zip({member})), HasSubstr("a record in it is cut off"));
  member.extra = number(1, 2) + number(24, 2) + sizes + number(UINT64_MAX, 8);
  EXPECT_THAT(error(zip({member})), HasSubstr("a size in it is impossible"));
  member.extra = number(1, 2) + number(24, 2) + sizes + number(INT64_MAX, 8);
  EXPECT_THAT(error(zip({member})), HasSubstr("overlaps"));
  member.extra = number(1, 2) + number(24, 2) + number(INT64_MAX, 8) + number(INT64_MAX, 8) + number(0, 8);
  EXPECT_THAT(error(zip({member})), HasSubstr("overlaps"));
}

std::string zip64(const Parts& parts, uint64_t count, uint64_t record_size = 44) {
  const std::string record = number(0x06064b50, 4) + number(record_size, 8) + number(45, 2) + number(45, 2) +
                             number(0, 8) + number(count, 8) + number(count, 8) + number(parts.directory.size(), 8) +
                             number(parts.members.size(), 8);
  const std::string locator =
      number(0x07064b50, 4) + number(0, 4) + number(parts.members.size() + parts.directory.size(), 8) + number(1, 4);
  return parts.members + parts.directory + record + locator + end_record(0xffff, 0xffffffff, 0xffffffff);
}

// The same record beside an end record that says it all, as programs write that do not know the size beforehand.
TEST_F(NpzTest, AcceptsAZip64EndRecordWithoutMarkers) {
  const Parts parts = parts_of({stored_});
  const std::string marked = zip64(parts, 1), ahead = marked.substr(0, marked.size() - 22);
  const uint64_t size = parts.directory.size(), offset = parts.members.size();
  EXPECT_EQ(load(ahead + end_record(1, size, offset)), "hello");
  EXPECT_EQ(load(ahead + end_record(1, 0xffffffff, offset)), "hello");
  for (const std::string& other : {end_record(2, size, offset), end_record(1, size + 1, offset),
                                   end_record(1, size, offset - 1), end_record(0, 0, 0)}) {
    EXPECT_THAT(error(ahead + other), HasSubstr("its two end records say different things"));
  }
}

TEST_F(NpzTest, AcceptsTheZip64EndRecord) {
  const Parts parts = parts_of({stored_, deflated_});
  EXPECT_EQ(load(zip64(parts, 2), "w"), "hello");
  EXPECT_THAT(error(zip64(parts, 1), "w"), HasSubstr("holds more members than it announces"));
  EXPECT_THAT(error(zip64(parts, 3), "w"), HasSubstr("announces 3 members, more than its directory can hold"));
  EXPECT_THAT(error(zip64(parts, INT64_MAX), "w"), HasSubstr("more than its directory can hold"));
  EXPECT_THAT(error(zip64(parts, UINT64_MAX), "w"), HasSubstr("impossible"));
  EXPECT_THAT(error(zip64(parts, 2, 45), "w"), HasSubstr("Zip64 record is not where it should be"));
}

// Only flags that change how the data are read must be known, from either header.
TEST_F(NpzTest, AcceptsFlagsThatDiffer) {
  constexpr size_t kLocalFlags = 6;
  const std::string archive = zip({deflated_});
  for (const int bit : {1, 2, 3, 4, 7, 11, 12, 15}) {
    std::string other = archive;
    other[kLocalFlags + static_cast<size_t>(bit / 8)] = static_cast<char>(1 << bit % 8);
    EXPECT_EQ(load(other), "a longer text, a longer text, a longer text") << bit;
    Member listed = deflated_;
    listed.flags = static_cast<uint16_t>(1 << bit);
    other = zip({listed});
    other.replace(kLocalFlags, 2, 2, '\0');
    EXPECT_EQ(load(other), "a longer text, a longer text, a longer text") << bit;
  }
  for (const int bit : {0, 5, 6}) {
    std::string other = archive;
    other[kLocalFlags] = static_cast<char>(1 << bit);
    EXPECT_THAT(error(other), HasSubstr(bit == 5 ? "changes to another file" : "it is encrypted")) << bit;
  }
}

TEST_F(NpzTest, PassesOverWhatIsNoArray) {
  const std::vector<Member> members = {Member("d/", "", false),
                                       Member("README", "some text", true),
                                       Member("short", "x", false),
                                       Member("d/w.npy", npy("hello"), true),
                                       Member("__MACOSX/d/._w.npy", std::string("\0\5\x16\7 and so on", 14), true),
                                       Member("d/._w.npy", std::string("\0\5\x16\7 and so on", 14), true)};
  EXPECT_EQ(load(zip(members)), "hello");
  EXPECT_EQ(load(zip(members), "d/w"), "hello");
  EXPECT_THAT(npz_members(path_), ElementsAre("d/w"));
  ASSERT_EQ(load_npz(path_).size(), 1u);
  EXPECT_THAT(error(zip(members), "README"), HasSubstr("arrays.npz:README: it is not a .npy array"));
  EXPECT_THAT(error(zip(members), "x"), HasSubstr("it has no member 'x'; it has 1 array: 'd/w'"));
  Member secret("notes.txt", "some text", false);
  secret.flags = 1;
  EXPECT_EQ(load(zip({secret, stored_})), "hello");
  EXPECT_THAT(error(zip({secret, stored_}), "notes.txt"), HasSubstr("it is encrypted"));
  EXPECT_EQ(load(zip({Member("w", "text", false), stored_}), "w"), "hello");
  // An array needs no ".npy", and what is called so must be one.
  EXPECT_EQ(load(zip({Member("-", npy("piped"), true)})), "piped");
  EXPECT_THAT(error(zip({Member("w.npy", "text", false)})), HasSubstr("arrays.npz:w: it is not a .npy array"));
  EXPECT_THAT(error(zip({Member("w.npy", "\x93NUM", false)})),
              HasSubstr("arrays.npz:w: it ends within its .npy header"));
}

// As np.load does, which reads such a member when it is asked for, and then not.
TEST_F(NpzTest, LeavesOutArraysOfOtherTypes) {
  const std::string text = "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }";
  const Member objects("o.npy", std::string("\x93NUMPY\1\0", 8) + number(text.size(), 2) + text + "a pickle", true);
  write_file(path_, zip({objects, stored_}));
  Warnings warnings;
  const auto members = load_npz(path_, &warnings);
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].first, "w");
  EXPECT_THAT(warnings,
              ElementsAre(AllOf(HasSubstr("arrays.npz:o: in its .npy header, the dtype is '|O' (Python objects"),
                                HasSubstr("it was left out"))));
  EXPECT_EQ(load_npz(path_).size(), 1u);
  EXPECT_THAT(npz_members(path_), ElementsAre("o", "w"));
  EXPECT_THROW(load_npz(path_, "o"), FormatError);
  // What is damaged is never left out.
  write_file(path_, zip({Member("d.npy", stored_.data.substr(0, 130), true), stored_}));
  EXPECT_THROW(load_npz(path_, &warnings), FormatError);
}

// Bytes that no member claims, where programs take members out in place; but not a second archive.
TEST_F(NpzTest, PassesOverBytesThatNoMemberClaims) {
  const Parts parts = parts_of({deflated_, stored_});
  const size_t second = local_part(deflated_).size();
  const std::string directory = directory_part(stored_, second);
  EXPECT_EQ(load(parts.members + directory + end_record(1, directory.size(), parts.members.size())), "hello");
  Member padded = deflated_;
  padded.after = "between";
  EXPECT_EQ(load(zip({padded, stored_}), "w"), "hello");
  EXPECT_THAT(error(zip({deflated_}) + zip({stored_})), HasSubstr("its directory is not where it should be"));
}

TEST_F(NpzTest, SavesWhatItLoads) {
  const std::pair<std::string, Array> members[] = {
      {"w", array_of("weights")}, {"größe", array_of("")}, {"a.npy", array_of(std::string(100000, 'x'))}};
  for (const bool compress : {true, false}) {
    save_npz(path_, members, compress);
    const auto loaded = load_npz(path_);
    ASSERT_EQ(loaded.size(), 3u);
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(loaded[i].first, members[i].first);
      EXPECT_EQ(loaded[i].second.shape, members[i].second.shape);
      EXPECT_EQ(bytes_of(loaded[i].second), bytes_of(members[i].second));
      EXPECT_EQ(bytes_of(load_array(path_ + ":" + members[i].first)), bytes_of(members[i].second));
    }
    EXPECT_EQ(read_file(path_).size() > 100000, !compress);
  }
  save_npz(path_, {});
  EXPECT_THAT(npz_members(path_), ElementsAre());
}

TEST_F(NpzTest, SavesArraysWithoutElements) {
  const std::pair<std::string, Array> members[] = {{"none", Array{Dtype::kFloat32, {0, 3}, {}}}};
  for (const bool compress : {true, false}) {
    save_npz(path_, members, compress);
    EXPECT_THAT(load_array(path_).shape, ElementsAre(0, 3));
  }
  save_npy(path_, members[0].second);
  EXPECT_THAT(load_array(path_).shape, ElementsAre(0, 3));
  EXPECT_EQ((load_array(path_).to<float, 2>("x").shape()), (Shape<2>{0, 3}));
}

TEST_F(NpzTest, WritesTheSameBytesEveryTime) {
  const std::pair<std::string, Array> members[] = {{"w", array_of("weights")}};
  save_npz(path_, members);
  save_npz(directory_.file("again.npz"), members);
  EXPECT_EQ(read_file(path_), read_file(directory_.file("again.npz")));
}

TEST_F(NpzTest, RefusesToSaveUnusableNames) {
  const auto save = [&](const std::vector<std::string>& names) {
    std::vector<std::pair<std::string, Array>> members;
    for (const std::string& name : names) members.emplace_back(name, array_of("x"));
    save_npz(path_, members);
  };
  EXPECT_THROW(save({""}), ParameterError);
  EXPECT_THROW(save({"a", "b", "a"}), ParameterError);
  EXPECT_THROW(save({std::string("a\0b", 3)}), ParameterError);
  EXPECT_THROW(save({std::string(65532, 'x')}), ParameterError);
  for (const std::string bad : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\x80", "\xe2\x82"}) {
    EXPECT_THROW(save({bad}), ParameterError) << bad;
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
  save({std::string(65531, 'x'), "\xf0\x9f\x98\x80", "\xe2\x82\xac"});
  EXPECT_EQ(npz_members(path_).size(), 3u);
}

TEST_F(NpzTest, HandlesSeventyThousandMembers) {
  const Array one = array_of("x");
  std::vector<std::pair<std::string, Array>> members;
  for (int i = 0; i < 70000; ++i) members.emplace_back(std::to_string(i), one);
  save_npz(path_, members, false);
  EXPECT_EQ(npz_members(path_).size(), 70000u);
  EXPECT_EQ(bytes_of(load_array(path_ + ":69999")), "x");
  EXPECT_EQ(load_npz(path_).size(), 70000u);
}

}  // namespace
}  // namespace convstep

// npz_damage_test.cc: archives that are damaged, ambiguous or made to harm are refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "convstep/error.h"
#include "convstep/npy.h"
#include "io/npy_header.h"
#include "tests/io/npz_fixture.h"
#include "tests/io/zip_builder.h"
#include "tests/support/array_bytes.h"
#include "tests/support/temporary_directory.h"

namespace convstep {
namespace {

using testing::HasSubstr;

using NpzDamageTest = NpzFixture;

TEST_F(NpzDamageTest, RefusesEveryTruncation) {
  for (const Member& member : {stored_, deflated_}) {
    const std::string whole = zip({member});
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_THAT(error(whole.substr(0, size)), testing::AnyOf(HasSubstr("cut off"), HasSubstr("neither a .npy nor")));
    }
  }
}

TEST_F(NpzDamageTest, SurvivesEveryWrongBit) {
  const std::string whole = zip({stored_, deflated_});
  int refused = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << bit);
      write_file(path_, damaged);
      try {
        for (const auto& [name, array] : load_npz(path_)) {
          // The checksums leave no wrong element unnoticed.
          EXPECT_EQ(bytes_of(array), array.size() == 5 ? "hello" : "a longer text, a longer text, a longer text");
        }
      } catch (const FormatError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, static_cast<int>(whole.size()) * 4);
}

TEST_F(NpzDamageTest, RefusesBytesAroundTheArchive) {
  EXPECT_THAT(error(zip({stored_}) + "x"), HasSubstr("something was added to it"));
  EXPECT_THAT(error("PK\3\4" + zip({stored_})), HasSubstr("its directory is not where it should be"));
  EXPECT_THAT(error(std::string("PK\5\6")), HasSubstr("has no end"));
}

TEST_F(NpzDamageTest, RefusesWrongChecksums) {
  for (Member member : {stored_, deflated_}) {
    member.crc ^= 1;
    EXPECT_THAT(error(zip({member})), HasSubstr("checksum (CRC-32) does not fit"));
  }
  Member damaged = stored_;
  damaged.data.back() = 'X';
  EXPECT_THAT(error(zip({damaged})), HasSubstr("checksum (CRC-32) does not fit"));
}

TEST_F(NpzDamageTest, RefusesWrongSizes) {
  // The array's own header would fit the announced size, so only the inflated stream gives the lie away.
  Member more = deflated_;
  more.size = more.local_size = deflated_.size - 1;
  EXPECT_THAT(error(zip({more})), HasSubstr("needs 43 bytes of elements, but only 42"));
  Member longer("b.npy", npy("four") + "+", true);
  longer.size = longer.local_size = npy("four").size();
  EXPECT_THAT(error(zip({longer})), HasSubstr("inflates to more bytes than it announces"));
  Member shorter("b.npy", npy("four").substr(0, npy("four").size() - 1), true);
  shorter.size = shorter.local_size = npy("four").size();
  EXPECT_THAT(error(zip({shorter})), HasSubstr("inflates to fewer bytes than it announces"));
  Member cut = deflated_;
  cut.data.pop_back();
  cut.compressed_size = cut.local_compressed_size = cut.data.size();
  EXPECT_THAT(error(zip({cut})), HasSubstr("compressed data is cut off"));
  Member followed = deflated_;
  followed.data += "+";
  followed.compressed_size = followed.local_compressed_size = followed.data.size();
  EXPECT_THAT(error(zip({followed})), HasSubstr("bytes follow the member's compressed data"));
  Member nonsense = deflated_;
  nonsense.data.assign(nonsense.data.size(), '\xff');
  EXPECT_THAT(error(zip({nonsense})), HasSubstr("compressed data is not valid"));
  Member unequal = stored_;
  unequal.size = unequal.local_size = stored_.size + 1;
  EXPECT_THAT(error(zip({unequal})), HasSubstr("cannot hold"));
}

// 1000 times its size: an honest array of zeros is read, a claim beyond deflate's best is refused at once.
TEST_F(NpzDamageTest, RefusesImpossibleCompression) {
  const std::string zeros(4000000, '\0');
  const Member honest("z.npy", npy(zeros), true);
  EXPECT_GT(honest.size / honest.compressed_size, 1000u);
  EXPECT_EQ(load(zip({honest})), zeros);
  Member bomb("z.npy", npy_preamble(Dtype::kUint8, {2000000000}) + zeros, true);
  bomb.size = bomb.local_size = 2000000128;
  EXPECT_THAT(error(zip({bomb})), HasSubstr("announces 2000000128 bytes, which its"));
  // The header inside promises more than the archive announces.
  const Member liar("z.npy", npy_preamble(Dtype::kUint8, {2000000000}) + zeros, true);
  EXPECT_THAT(error(zip({liar})), HasSubstr("needs 2000000000 bytes of elements, but only 4000000"));
}

TEST_F(NpzDamageTest, RefusesOverlappingMembers) {
  Member again = stored_;
  again.name = "again.npy";
  const Parts parts = parts_of({stored_});
  const std::string directory = parts.directory + directory_part(again, 0);
  EXPECT_THAT(error(parts.members + directory + end_record(2, directory.size(), parts.members.size()), "w"),
              HasSubstr("overlaps the member"));
  // The directory's claim fits, but the member's own header is longer than the gap.
  Member wide = stored_;
  wide.local_extra = std::string(200, 'x');
  const std::string first = local_part(wide);
  const std::string both = first.substr(0, first.size() - 100) + local_part(deflated_);
  const std::string listed = directory_part(wide, 0) + directory_part(deflated_, first.size() - 100);
  EXPECT_THAT(error(both + listed + end_record(2, listed.size(), both.size()), "w"),
              HasSubstr("overlaps what follows"));
  Member large = stored_;
  large.compressed_size = large.size = stored_.size + 1000;
  EXPECT_THAT(error(zip({large})), HasSubstr("overlaps the directory"));
  Member outside = stored_;
  outside.moved = 0x7fffffff;
  EXPECT_THAT(error(zip({outside})), HasSubstr("overlaps the directory"));
}

TEST_F(NpzDamageTest, RefusesEncryptionAndUnknownCompression) {
  Member secret = stored_;
  secret.flags = 1;
  EXPECT_THAT(error(zip({secret})), HasSubstr("arrays.npz:w: it is encrypted"));
  secret.flags = 1 << 6;
  EXPECT_THAT(error(zip({secret})), HasSubstr("it is encrypted"));
  for (const auto& [method, name] :
       {std::pair{9, "Deflate64"}, {12, "bzip2"}, {14, "LZMA"}, {93, "Zstandard"}, {1, "an unknown one"}}) {
    Member other = stored_;
    other.method = static_cast<uint16_t>(method);
    EXPECT_THAT(error(zip({other})), HasSubstr("with method " + std::to_string(method) + " (" + name + ")"));
  }
}

TEST_F(NpzDamageTest, RefusesHeadersThatDisagree) {
  const char* const kCause = "the member's header and the directory say different things";
  Member renamed = stored_;
  renamed.local_name = "x.npy";
  EXPECT_THAT(error(zip({renamed})), HasSubstr(kCause));
  renamed.local_name = "w.npyx";
  EXPECT_THAT(error(zip({renamed})), HasSubstr(kCause));
  Member resized = stored_;
  resized.local_size += 1;
  EXPECT_THAT(error(zip({resized})), HasSubstr(kCause));
  Member misplaced = deflated_;
  misplaced.moved = -1;
  EXPECT_THAT(error(zip({stored_, misplaced}), "b"), HasSubstr("damaged"));
  std::string method = zip({stored_});
  method[8] = 8;
  EXPECT_THAT(error(method), HasSubstr(kCause));
}

TEST_F(NpzDamageTest, RefusesDuplicateNames) {
  EXPECT_THAT(error(zip({stored_, stored_}), "w"), HasSubstr("two of its arrays have the name 'w'"));
  EXPECT_THAT(error(zip({stored_, Member("w", npy("x"), false)}), "w"), HasSubstr("have the name 'w'"));
  EXPECT_THAT(message_of<FormatError>(path_, [&] { npz_members(path_); }), HasSubstr("have the name 'w'"));
}

TEST_F(NpzDamageTest, SaysWhichMemberIsWrong) {
  EXPECT_THAT(error(zip({stored_, Member("notes.txt", "some text", true)}), "notes.txt"),
              HasSubstr("arrays.npz:notes.txt: it is not a .npy array"));
  EXPECT_THAT(error(zip({Member("o.npy", std::string("\x93NUMPY\1\0\2\0{}", 12), true)})),
              HasSubstr("arrays.npz:o: in its .npy header, it has no key 'descr'"));
  EXPECT_THAT(error(zip({Member("e.npy", "", false)})), HasSubstr("arrays.npz:e: it ends within its .npy header"));
}

}  // namespace
}  // namespace convstep

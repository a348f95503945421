#include "runtime/control_groups.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_directory.h"

namespace convstep {
namespace {

TEST(ProcessorsOfQuota, RoundsUp) {
  EXPECT_EQ(processors_of_quota(100000, 100000), 1);
  EXPECT_EQ(processors_of_quota(400000, 100000), 4);
  EXPECT_EQ(processors_of_quota(150000, 100000), 2);
  EXPECT_EQ(processors_of_quota(100001, 100000), 2);
  EXPECT_EQ(processors_of_quota(1, 100000), 1);
  EXPECT_GE(processors_of_quota(INT64_MAX, 1), 1024) << "more than any machine has";
  EXPECT_EQ(processors_of_quota(-1, 100000), 0);
  EXPECT_EQ(processors_of_quota(0, 100000), 0);
  EXPECT_EQ(processors_of_quota(100000, 0), 0);
}

// A machine's files, as a process of it sees them.
class ControlGroups : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path whole = root() + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }
  void is_in(const std::string& groups, const std::string& mounts) {
    write("/proc/self/cgroup", groups);
    write("/proc/self/mountinfo", "22 26 0:20 / /proc rw,nosuid shared:12 - proc proc rw\n" + mounts +
                                      "26 1 8:1 / / rw shared:1 - ext4 /dev/a rw\n");
  }
  void limit_1(const std::string& folder, const std::string& quota, const std::string& period) {
    write(folder + "/cpu.cfs_quota_us", quota + "\n");
    write(folder + "/cpu.cfs_period_us", period + "\n");
  }
  int processors() { return processors_of_control_groups(root()); }
  std::string root() { return directory_.file(""); }

 private:
  test::TemporaryDirectory directory_;
};

const char kMount2[] = "31 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST_F(ControlGroups, NoneAreNoLimit) {
  EXPECT_EQ(processors(), 0);
  is_in("0::/\n", "");
  EXPECT_EQ(processors(), 0);
  is_in("0::/user.slice\n", kMount2);
  EXPECT_EQ(processors(), 0);
}

TEST_F(ControlGroups, OfVersion2WithThoseAbove) {
  is_in("0::/user.slice/job\n", kMount2);
  write("/sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n");
  EXPECT_EQ(processors(), 0);
  write("/sys/fs/cgroup/user.slice/cpu.max", "250000 100000\n");
  EXPECT_EQ(processors(), 3);
  write("/sys/fs/cgroup/user.slice/job/cpu.max", "100000 100000\n");
  EXPECT_EQ(processors(), 1);
  for (const char* text : {"", "max", "100000", "two one", "0 100000", "-1 100000", "100000 0", "100000 -1",
                           "99999999999999999999 100000"}) {
    write("/sys/fs/cgroup/user.slice/job/cpu.max", text);
    EXPECT_EQ(processors(), 3) << text;
  }
}

TEST_F(ControlGroups, OfVersion1WhereItIsMounted) {
  is_in("5:memory:/elsewhere\n4:cpu,cpuacct:/batch/job\n0::/\n",
        "40 31 0:30 / /cgroups/memory rw - cgroup cgroup rw,memory\n"
        "41 31 0:31 / /my\\040groups/cpu rw shared:3 - cgroup cgroup rw,cpu,cpuacct\n");
  EXPECT_EQ(processors(), 0);
  limit_1("/my groups/cpu", "-1", "100000");
  limit_1("/my groups/cpu/batch", "350000", "100000");
  EXPECT_EQ(processors(), 4);
  limit_1("/my groups/cpu/batch/job", "50000", "25000");
  EXPECT_EQ(processors(), 2);
  limit_1("/cgroups/memory/elsewhere", "10000", "10000");
  EXPECT_EQ(processors(), 2) << "not a controller of processors";
  limit_1("/my groups/cpu/batch/job", "nonsense", "25000");
  EXPECT_EQ(processors(), 4);
}

TEST_F(ControlGroups, OfBothVersions) {
  is_in("4:cpu:/job\n0::/job\n", std::string("41 31 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n") +
                                     "42 31 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  limit_1("/sys/fs/cgroup/cpu/job", "300000", "100000");
  EXPECT_EQ(processors(), 3);
  write("/sys/fs/cgroup/unified/job/cpu.max", "200000 100000\n");
  EXPECT_EQ(processors(), 2);
}

// Docker mounts the container's own group; its path, as the host sees it, is not below the mount.
TEST_F(ControlGroups, OfAContainer) {
  limit_1("/sys/fs/cgroup/cpu", "200000", "100000");
  for (const char* root : {"/docker/0123", "/"}) {
    is_in("4:cpu,cpuacct:/docker/0123\n",
          "41 31 0:31 " + std::string(root) + " /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n");
    EXPECT_EQ(processors(), 2) << root;
  }
  limit_1("/sys/fs/cgroup/cpu/inner", "100000", "100000");
  is_in("4:cpu,cpuacct:/docker/0123/inner\n",
        "41 31 0:31 /docker/0123 /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n");
  EXPECT_EQ(processors(), 1);
  is_in("4:cpu:/docker/0123456\n", "41 31 0:31 /docker/0123 /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
  EXPECT_EQ(processors(), 2) << "another group, whose name begins alike";
  is_in("4:cpu:/../../inner\n", "41 31 0:31 /../.. /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
  EXPECT_EQ(processors(), 2) << "a group outside the namespace";
}

}  // namespace
}  // namespace convstep

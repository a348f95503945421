#include "runtime/control_groups.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

namespace convstep {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// A number that is all of the line; 0 where it is none.
int64_t number_in(const std::string& path) {
  std::istringstream text(first_line(path));
  int64_t number = 0;
  return text >> number && (text >> std::ws).eof() ? number : 0;
}

// "QUOTA PERIOD" or "max PERIOD".
int of_version_2(const std::string& folder) {
  std::istringstream text(first_line(folder + "/cpu.max"));
  int64_t quota = 0, period = 0;
  return text >> quota >> period ? processors_of_quota(quota, period) : 0;
}

// A quota of -1 is none.
int of_version_1(const std::string& folder) {
  return processors_of_quota(number_in(folder + "/cpu.cfs_quota_us"), number_in(folder + "/cpu.cfs_period_us"));
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

bool has_cpu(const std::string& names) {
  const std::vector<std::string> all = split(names, ',');
  return std::find(all.begin(), all.end(), "cpu") != all.end();
}

// A line of /proc/self/mountinfo writes a space, a tab, a line's end and a backslash as \ and three octal digits.
std::string unescaped(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '\\' && i + 3 < text.size();
    plain += is_escape ? static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8)) : text[i];
    if (is_escape) i += 3;
  }
  return plain;
}

struct Mount {
  std::string root, folder;  // the group at the root of the mount, and where that is
  bool is_version_2;
};

// "36 35 98:0 /root /folder options ... - type source super,options".
bool is_mount_of_groups(const std::string& line, Mount& mount) {
  const std::vector<std::string> words = split(line, ' ');
  const auto dash = std::find(words.begin(), words.end(), "-");
  if (words.size() < 6 || words.end() - dash < 4) return false;
  mount = {unescaped(words[3]), unescaped(words[4]), dash[1] == "cgroup2"};
  return mount.is_version_2 || (dash[1] == "cgroup" && has_cpu(dash[3]));
}

// The process's group in such a mount, from "ID:CONTROLLERS:GROUP"; "/" where there is none.
std::string group_for(const Mount& mount, const std::string& root) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (mount.is_version_2 ? controllers.empty() : has_cpu(controllers)) return line.substr(second + 1);
  }
  return "/";
}

// The group's path below the mount: "" for its root, or where the group is not below it.
std::string path_below(const Mount& mount, const std::string& group) {
  const std::string above = mount.root == "/" ? "" : mount.root;
  const bool is_below = group.compare(0, above.size(), above) == 0 && group[above.size()] == '/' && group.size() > 1 &&
                        group.find("/..") == std::string::npos;
  return is_below ? group.substr(above.size()) : "";
}

// 0 stands for no limit.
int smaller(int a, int b) { return a > 0 && b > 0 ? std::min(a, b) : std::max(a, b); }

int smallest_in(const Mount& mount, const std::string& root) {
  const std::string folder = root + mount.folder;
  std::string path = path_below(mount, group_for(mount, root));
  int least = 0;
  while (true) {
    least = smaller(least, mount.is_version_2 ? of_version_2(folder + path) : of_version_1(folder + path));
    if (path.empty()) return least;
    path.resize(path.rfind('/'));
  }
}

}  // namespace

int processors_of_quota(int64_t quota, int64_t period) {
  if (quota < 1 || period < 1) return 0;
  return static_cast<int>(std::min<int64_t>((quota - 1) / period + 1, 1 << 16));
}

int processors_of_control_groups(const std::string& root) {
  std::ifstream file(root + "/proc/self/mountinfo");
  int least = 0;
  Mount mount;
  for (std::string line; std::getline(file, line);) {
    if (is_mount_of_groups(line, mount)) least = smaller(least, smallest_in(mount, root));
  }
  return least;
}

}  // namespace convstep

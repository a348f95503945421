// npy_bridge: reads and writes files for the Python tests. A line of standard input is a command with its arguments,
// separated by tabs; the reply is "ok" or "error: CAUSE" on one line.
//
//   copy IN OUT           load_array, save_npy
//   savez OUT IN...       load_array of each, save_npz under the names a0, a1, ...; stored
//   savezc OUT IN...      the same, deflated
//   split IN OUT...       load_npz, save_npy of each member in order
//   float32 IN OUT        load_array, flat<float>, save_npy; float64 alike
//   image IN OUT          load_image, save_npy
//   png IN OUT            load_array as float32 with 4 axes, save_png

#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "convstep/image.h"
#include "convstep/npy.h"

namespace {

using convstep::Array;

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream stream(line);
  for (std::string word; std::getline(stream, word, '\t');) words.push_back(word);
  return words;
}

template <class T>
void save_flat(const std::string& in, const std::string& out) {
  const convstep::Tensor<T, 1> elements = convstep::load_array(in).flat<T>();
  convstep::save_npy(out, convstep::to_array(elements.view()));
}

void save_members(const std::vector<std::string>& words, bool compress) {
  std::vector<std::pair<std::string, Array>> members;
  for (size_t i = 2; i < words.size(); ++i) {
    members.emplace_back(std::string("a").append(std::to_string(i - 2)), convstep::load_array(words[i]));
  }
  convstep::save_npz(words.at(1), members, compress);
}

void run(const std::vector<std::string>& words) {
  const std::string& command = words.at(0);
  if (command == "copy") {
    convstep::save_npy(words.at(2), convstep::load_array(words.at(1)));
  } else if (command == "savez" || command == "savezc") {
    save_members(words, command == "savezc");
  } else if (command == "split") {
    const auto members = convstep::load_npz(words.at(1));
    for (size_t i = 0; i < members.size(); ++i) convstep::save_npy(words.at(i + 2), members[i].second);
  } else if (command == "float32") {
    save_flat<float>(words.at(1), words.at(2));
  } else if (command == "float64") {
    save_flat<double>(words.at(1), words.at(2));
  } else if (command == "image") {
    const convstep::Tensor<float, 4> image = convstep::load_image(words.at(1));
    convstep::save_npy(words.at(2), convstep::to_array(image.view()));
  } else if (command == "png") {
    convstep::save_png(words.at(2), convstep::load_array(words.at(1)).to<float, 4>("image"));
  } else {
    throw std::invalid_argument("unknown command " + command);
  }
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    try {
      run(split(line));
      std::cout << "ok" << std::endl;
    } catch (const std::exception& error) {
      std::cout << "error: " << error.what() << std::endl;
    }
  }
}

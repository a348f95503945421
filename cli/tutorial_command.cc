#include <fmt/core.h>

#include <filesystem>
#include <iostream>
#include <memory>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/warnings.h"
#include "convstep/image.h"
#include "notebook/tutorial.h"
#include "picture/figure_rows.h"

namespace convstep::cli {
namespace {

constexpr int kDigitsDiffer = 1;  // exit status

Panel panel_of(const TutorialPanel& source) {
  const Shape<2> shape = source.plane.shape();
  auto pixels = Tensor<float, 3>::uninitialized({shape[0], shape[1], 1});
  std::transform(source.plane.data(), source.plane.data() + source.plane.size(), pixels.data(),
                 [](double value) { return static_cast<float>(value); });
  return {.title = source.title, .pixels = std::move(pixels)};
}

void save_picture(const TutorialPicture& picture, const std::filesystem::path& directory) {
  Row row;
  for (const TutorialPanel& panel : picture.panels) row.panels.push_back(panel_of(panel));
  row.scale = grey_scale(values_of(row.panels));
  const std::string path = (directory / (picture.stem + ".png")).string();
  PrintedWarnings warnings;
  save_png(path, render_figure({.rows = {std::move(row)}}), warnings.get());
  fmt::print("picture: {}\n", path);
}

struct TutorialCommand {
  std::vector<std::string> parts;
  std::string pictures_directory;

  void run() const {
    if (!pictures_directory.empty()) std::filesystem::create_directories(pictures_directory);
    const TutorialResult result = run_tutorial(parts, std::cout);
    std::cout.flush();
    if (!pictures_directory.empty()) {
      for (const TutorialPicture& picture : result.pictures) save_picture(picture, pictures_directory);
    }
    if (!result.passed) throw CLI::RuntimeError(kDigitsDiffer);
  }
};

}  // namespace

void add_tutorial(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("tutorial", "Replay the notebook and check every digit it prints");
  auto state = std::make_shared<TutorialCommand>();
  std::vector<std::string> names;
  std::string list;
  for (const TutorialPart& part : tutorial_parts()) {
    names.emplace_back(part.name);
    list += fmt::format("  {:<18} {}  {}\n", part.name, part.section, part.summary);
  }
  command.add_option("--part", state->parts, "Only this part of the notebook; may be repeated")
      ->expected(1)
      ->take_all()
      ->check(CLI::IsMember(names));
  command.add_option("--pictures", state->pictures_directory, "Also draw the arrays, into this directory")
      ->type_name("DIR");
  command.footer("Parts:\n" + list + "\nExample:\n  convstep tutorial --part zero_pad --pictures pictures");
  command.callback([state] { state->run(); });
}

}  // namespace convstep::cli

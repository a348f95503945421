#include "python/wording.h"

namespace convstep::python {
namespace {

constexpr Wording::Argument kZeroPadArguments[] = {{"input", "X"}, {"padding", "pad"}, {"output", "X_pad"}};

constexpr Wording::Argument kNotebookArguments[] = {
    {"input", "A_prev"}, {"weights", "W"},   {"weights (KH, KW)", "W (f, f)"},
    {"window", "f"},     {"padding", "pad"}, {"output", "Z"}};
constexpr Wording::Phrase kNotebookPhrases[] = {
    {Guess::kItIsNchw, "it looks like (N, C, H, W): write A_prev.transpose(0, 2, 3, 1)"},
    {Guess::kItIsFiltersFirst, "it looks like (O, C, KH, KW): write W.transpose(2, 3, 1, 0)"},
    {Guess::kArraysAreNchw,
     "the arrays look like (N, C, H, W) and (O, C, KH, KW): write A_prev.transpose(0, 2, 3, 1) and "
     "W.transpose(2, 3, 1, 0)"},
    {Guess::kImagesAreNchw, "the images look like (N, C, H, W): write A_prev.transpose(0, 2, 3, 1)"},
    {Guess::kWeightsAreFiltersFirst, "the weights look like (O, C, KH, KW): write W.transpose(2, 3, 1, 0)"},
    {Guess::kEachByItself, "to filter each by itself, use conv2d: "}};

constexpr Wording::Argument kNhwcArguments[] = {{"window", "kernel_size"}, {"output", "out"}};
constexpr Wording::Phrase kNhwcPhrases[] = {
    {Guess::kItIsNchw, "it looks like (N, C, H, W): write input.transpose(0, 2, 3, 1)"},
    {Guess::kItIsFiltersFirst, "it looks like (O, C, KH, KW): write weights.transpose(2, 3, 1, 0)"},
    {Guess::kArraysAreNchw, "the arrays look like (N, C, H, W) and (O, C, KH, KW): use layout=\"NCHW\""},
    {Guess::kImagesAreNchw, "the images look like (N, C, H, W): use layout=\"NCHW\""},
    {Guess::kWeightsAreFiltersFirst,
     "the weights look like (O, C, KH, KW): use layout=\"NCHW\" or weights.transpose(2, 3, 1, 0)"}};

constexpr std::array kChannelsSecond = {0, 3, 1, 2}, kFiltersFirst = {3, 2, 0, 1};
constexpr Wording::Argument kNchwArguments[] = {{"input", "input", kChannelsSecond},
                                                {"weights", "weights", kFiltersFirst},
                                                {"window", "kernel_size"},
                                                {"residual", "residual", kChannelsSecond},
                                                {"output", "out", kChannelsSecond}};
// What the library guesses of the order of the axes means nothing where it does not see the caller's.
constexpr Wording::Phrase kNchwPhrases[] = {{Guess::kItIsNchw, ""},
                                            {Guess::kItIsFiltersFirst, ""},
                                            {Guess::kArraysAreNchw, ""},
                                            {Guess::kImagesAreNchw, "the images look like those of layout=\"NHWC\""},
                                            {Guess::kWeightsAreFiltersFirst, ""},
                                            {Guess::kWeightsAreDepthwise, ""}};

}  // namespace

const Wording kZeroPadWording{.arguments = kZeroPadArguments};
const Wording kNotebookWording{kNotebookArguments, kNotebookPhrases};
const Wording kNhwcWording{kNhwcArguments, kNhwcPhrases};
const Wording kNchwWording{kNchwArguments, kNchwPhrases};

}  // namespace convstep::python

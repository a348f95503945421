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

constexpr Wording::Argument kConvBackwardArguments[] = {
    {"input", "A_prev"}, {"weights", "W"}, {"weights (KH, KW)", "W (f, f)"}, {"padding", "pad"}, {"grad", "dZ"}};
constexpr Wording::Argument kPoolBackwardArguments[] = {{"input", "A_prev"}, {"window", "f"}, {"grad", "dA"}};

constexpr Wording::Argument kNhwcArguments[] = {{"window", "kernel_size"}, {"output", "out"}};
// The first is about the input, the last two about weights.
constexpr Wording::Phrase kNhwcPhrases[] = {
    {Guess::kItIsNchw, "it looks like (N, C, H, W): write input.transpose(0, 2, 3, 1)"},
    {Guess::kArraysAreNchw, "the arrays look like (N, C, H, W) and (O, C, KH, KW): use layout=\"NCHW\""},
    {Guess::kImagesAreNchw, "the images look like (N, C, H, W): use layout=\"NCHW\""},
    {Guess::kItIsFiltersFirst, "it looks like (O, C, KH, KW): write weights.transpose(2, 3, 1, 0)"},
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

// The words of a function of gradients. A shape in the place of an array cannot be transposed, so what would say to do
// that is left in the library's words, which only say what it looks like.
struct GradientWords {
  constexpr GradientWords(Layout layout, Shapeless shapeless, Outs outs) {
    const std::string_view input = shapeless == Shapeless::kInput ? "input_shape" : "input";
    const bool has_weights = shapeless != Shapeless::kWeights;
    constexpr std::array kSame = {0, 1, 2, 3};
    const bool is_nhwc = layout == Layout::kNHWC;
    const std::array images = is_nhwc ? kSame : kChannelsSecond, filters = is_nhwc ? kSame : kFiltersFirst;
    arguments = {{{"grad", "grad", images},
                  {"input", input, images},
                  {"input_grad", outs == Outs::kTriple ? "out[0]" : "out", images},
                  {"indices", "indices", images},
                  {"weights", has_weights ? "weights" : "weights_shape", filters},
                  {"weights (KH, KW)", has_weights ? "weights (KH, KW)" : "weights_shape (KH, KW)"},
                  {"weights_grad",
                   outs == Outs::kTriple ? "out[1]"
                   : outs == Outs::kPair ? "out[0]"
                                         : "out",
                   filters},
                  {"bias_grad", outs == Outs::kTriple ? "out[2]" : "out[1]"},
                  {"window", "kernel_size"}}};
    if (!is_nhwc) {
      phrases = kNchwPhrases;
    } else {
      phrases = kNhwcPhrases;
      if (shapeless == Shapeless::kInput) phrases = phrases.subspan(1);
      if (shapeless == Shapeless::kWeights) phrases = phrases.first(3);
    }
  }

  std::array<Wording::Argument, 9> arguments{};
  std::span<const Wording::Phrase> phrases{};
};

template <Layout kLayout, Shapeless kShapeless, Outs kOuts>
const Wording& words_of() {
  static constexpr GradientWords kWords(kLayout, kShapeless, kOuts);
  static constexpr Wording kWording{kWords.arguments, kWords.phrases};
  return kWording;
}

template <Layout kLayout>
const Wording& words_in(Shapeless shapeless, Outs outs) {
  switch (shapeless) {
    case Shapeless::kInput:
      return words_of<kLayout, Shapeless::kInput, Outs::kOne>();
    case Shapeless::kWeights:
      return outs == Outs::kPair ? words_of<kLayout, Shapeless::kWeights, Outs::kPair>()
                                 : words_of<kLayout, Shapeless::kWeights, Outs::kOne>();
    default:
      return outs == Outs::kTriple ? words_of<kLayout, Shapeless::kNone, Outs::kTriple>()
                                   : words_of<kLayout, Shapeless::kNone, Outs::kOne>();
  }
}

constexpr Wording::Argument kLinearArguments[] = {
    {"output", "out"}, {"input_grad", "out[0]"}, {"weights_grad", "out[1]"}, {"bias_grad", "out[2]"}};
constexpr Wording::Argument kLossArguments[] = {{"logits_grad", "out"}};

}  // namespace

const Wording kZeroPadWording{.arguments = kZeroPadArguments};
const Wording kNotebookWording{kNotebookArguments, kNotebookPhrases};
const Wording kNhwcWording{kNhwcArguments, kNhwcPhrases};
const Wording kNchwWording{kNchwArguments, kNchwPhrases};
const Wording kConvBackwardWording{kConvBackwardArguments, kNotebookPhrases};
const Wording kPoolBackwardWording{kPoolBackwardArguments, kNotebookPhrases};

const Wording kLinearWording{.arguments = kLinearArguments};
const Wording kLossWording{.arguments = kLossArguments};

const Wording& gradient_wording(Layout layout, Shapeless shapeless, Outs outs) {
  return layout == Layout::kNHWC ? words_in<Layout::kNHWC>(shapeless, outs) : words_in<Layout::kNCHW>(shapeless, outs);
}

}  // namespace convstep::python

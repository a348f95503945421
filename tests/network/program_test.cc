#include "network/program.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/network/random_graph.h"
#include "tests/support/expect_error.h"

namespace convstep::network {
namespace {

// The bits stay: all passes but the one that rounds otherwise, and the one that may choose another method.
constexpr Passes kExactPasses{.fold_pads = false, .fold_affine = false};

template <class T>
void expect_bits_of_single_nodes(unsigned seed, int nodes) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << ", " << nodes << " nodes, element of " << sizeof(T));
  const RandomGraph<T> random(seed, 2, nodes, true);
  const auto infos = random.builder.input_infos();
  const auto inputs = random_inputs<T>(seed, infos);
  const auto wanted = evaluate<T>(random.builder.graph, infos, inputs);
  const Program<T> program(random.builder.graph, infos, {.passes = kExactPasses, .poisons_memory = true});
  for (const int64_t gap : {1, 2, 3}) {
    const auto got = run_program<T>(program, inputs, gap, {.threads = 1});
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t k = 0; k < got.size(); ++k)
      ASSERT_EQ(got[k], bytes_of(wanted[k].view())) << "output " << k << " gap " << gap;
  }
  const auto with_threads = run_program<T>(program, inputs, 1, {.threads = 8});
  for (size_t k = 0; k < wanted.size(); ++k) ASSERT_EQ(with_threads[k], bytes_of(wanted[k].view())) << "8 threads";
}

TEST(Program, HasTheBitsOfItsNodesByThemselves) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    expect_bits_of_single_nodes<float>(seed, 1 + static_cast<int>(seed % 30));
    if (seed % 5 == 0) expect_bits_of_single_nodes<double>(seed, 1 + static_cast<int>(seed % 30));
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace convstep::network

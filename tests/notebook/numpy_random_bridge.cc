// numpy_random_bridge.cc: random numbers for the Python tests.
//
// A request on standard input is, as little-endian int64: seed, kind (0 uniform, 1 normal), count. The answer on
// standard output is that many doubles. Ends with the input.
#include <cstdint>
#include <cstdio>

#include "notebook/numpy_random.h"

int main() {
  int64_t request[3];
  while (std::fread(request, sizeof request, 1, stdin) == 1) {
    convstep::cli::NumpyRandom random(request[0]);
    for (int64_t i = 0; i < request[2]; ++i) {
      const double x = request[1] == 0 ? random.random_sample() : random.standard_normal();
      std::fwrite(&x, sizeof x, 1, stdout);
    }
    std::fflush(stdout);
  }
}

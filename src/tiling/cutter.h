// cutter.h: how large the regions of an output are: as large as the workspace allows, but enough of them for all
// threads.
#pragma once

#include "runtime/threads.h"
#include "tiling/region.h"

namespace convstep {

// How regions shrink. A short band reads much more of its neighbours' input than of its own, so rows go down to that
// first; then channels, where they may be cut at all; then columns; and only then rows again.
struct CutRules {
  int64_t shortest_band;     // rows
  int64_t shortest_row;      // columns, as long as there are rows to cut
  int64_t narrowest;         // columns, at last
  int64_t channel_step = 0;  // channels are cut to multiples of it; 0: not at all
};

// `size`, each length halved again and again, in the order of the rules, until fits(size) or nothing is left to halve.
template <class Fits>
RegionSize cut_to_fit(RegionSize size, const CutRules& rules, const Fits& fits) {
  const auto halve = [&](int64_t& length, int64_t least) {
    while (!fits(size) && length > least) length = divide_up(length, 2);
  };
  halve(size.rows, rules.shortest_band);
  while (rules.channel_step > 0 && !fits(size) && size.channels > 2 * rules.channel_step) {
    size.channels = divide_up(size.channels / rules.channel_step, 2) * rules.channel_step;
  }
  halve(size.columns, rules.shortest_row);
  halve(size.rows, 1);
  halve(size.columns, rules.narrowest);
  return size;
}

// `size`, halved further where tasks(size) are too few for the threads: rows no shorter than a band, then channels.
template <class Tasks>
RegionSize cut_for_threads(RegionSize size, const CutRules& rules, int threads, const Tasks& tasks) {
  const int64_t wanted = threads > 1 ? threads * kTasksPerThread : 1;
  while (tasks(size) < wanted && size.rows >= 2 * rules.shortest_band) size.rows = divide_up(size.rows, 2);
  while (rules.channel_step > 0 && tasks(size) < wanted && size.channels >= 2 * rules.channel_step) {
    size.channels = divide_up(size.channels / rules.channel_step, 2) * rules.channel_step;
  }
  return size;
}

}  // namespace convstep

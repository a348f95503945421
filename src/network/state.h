// state.h: what a Network is made of.
#pragma once

#include <mutex>

#include "convstep/network.h"
#include "network/program.h"

namespace convstep {

template <class T>
struct NetworkPlan<T>::State {
  network::Program<T> program;
  std::vector<network::Dims> input_axes, output_axes;  // the face's axes, of those of the graph
};

template <class T>
struct Network<T>::State {
  network::Graph<T> graph;     // as it was built or read
  network::Graph<T> prepared;  // after the passes for which shapes do not matter
  NetworkOptions options;
  // Which inputs and outputs of four axes have the file's axes, where others are (N, H, W, C) for (N, C, H, W).
  std::vector<bool> inputs_as_they_are, outputs_as_they_are;

  // The last plans that run() used, the latest first.
  struct Kept {
    std::vector<std::vector<int64_t>> shapes;
    std::string target;
    NetworkPlan<T> plan;
  };
  mutable std::mutex mutex;
  mutable std::vector<std::shared_ptr<const Kept>> kept;
};

namespace network {

// How a graph's images are given to its network.
enum class ImageAxes {
  kChannelsLast,  // arrays of four axes are (N, H, W, C), but for those that the graph turns into (N, C, H, W) itself
  kOfGraph        // as they are
};

// Throws ParameterError where an operation is not there, or the graph has no output.
template <class T>
Network<T> make_network(Graph<T> graph, const NetworkOptions& options = {}, ImageAxes axes = ImageAxes::kChannelsLast);
// The same with what Network<T>::State has of them.
template <class T>
Network<T> make_network(Graph<T> graph, const NetworkOptions& options, std::vector<bool> inputs_as_they_are,
                        std::vector<bool> outputs_as_they_are);

}  // namespace network
}  // namespace convstep

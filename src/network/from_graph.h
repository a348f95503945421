// from_graph.h: networks of graphs, for readers of files. These are in libraries of their own, so what they call is
// shown by this one.
#pragma once

#include "convstep/network.h"
#include "network/graph.h"

namespace CONVSTEP_EXPORT convstep {
namespace network {

// The names of all operations, in order.
std::vector<std::string> known_operations();

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

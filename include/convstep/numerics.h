// numerics.h: whose bits a convolution, an average or a norm gives.
#pragma once

namespace convstep {

// The order in which the terms of a sum are added, and so its last bits.
//
//   kFast   the library's own, chosen for speed by the operation, the shape of one image and the dtype alone: the same
//           bits with any number of threads and images, for any strides, and on all SIMD targets with fused
//           multiply-add. What it is: ConvAlgorithm of conv.h, PoolOptions of pool.h.
//   kNumpy  NumPy's: each sum is np.sum's of the window (pairwise, products rounded before they are added), then the
//           bias, then the residual. The same bits on every machine; but kSigmoid, kTanh and the
//           powers of Lp pooling (p other than 1 and 2) are the C library's.
enum class Numerics { kFast, kNumpy };

}  // namespace convstep

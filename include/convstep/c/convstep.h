/* convstep.h: convolution, pooling and padding, and their gradients, for C, and for whatever calls C.
 *
 *   const int64_t in[] = {1, 224, 224, 3}, w[] = {3, 3, 3, 64};
 *   convstep_conv_options options = convstep_conv_default_options();
 *   options.padding.top = options.padding.bottom = options.padding.left = options.padding.right = 1;
 *   int64_t out[4];
 *   if (convstep_conv_output_shape(in, w, &options, out) != CONVSTEP_OK) puts(convstep_last_error());
 *   convstep_array input = convstep_dense(pixels, CONVSTEP_FLOAT32, 4, in);
 *   ...
 *   status = convstep_conv_forward(&input, &weights, NULL, NULL, &output, &options);
 *
 * The equations, shapes, dtypes and aliasing are those of convstep/conv.h, pool.h and pad.h, channels last; all arrays
 * of a call are of one dtype, float or double. Functions that can fail return a convstep_status; where it is not
 * CONVSTEP_OK, convstep_last_error() says why, and no array was written; after CONVSTEP_NO_MEMORY, CONVSTEP_STOPPED and
 * CONVSTEP_OTHER_ERROR one may have been, in part. They may be called by many threads at once. Pointers must not be
 * null unless a comment says so.
 */
#ifndef CONVSTEP_C_CONVSTEP_H_
#define CONVSTEP_C_CONVSTEP_H_

#include <stddef.h>
#include <stdint.h>

#ifdef CONVSTEP_SHARED
#define CONVSTEP_C_API __attribute__((visibility("default")))
#else
#define CONVSTEP_C_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t convstep_status;
enum {
  CONVSTEP_OK = 0,
  CONVSTEP_SHAPE_ERROR = 1,     /* a shape that does not fit */
  CONVSTEP_PARAMETER_ERROR = 2, /* a stride, window, pointer, ... that cannot be */
  CONVSTEP_NO_MEMORY = 3,
  CONVSTEP_STOPPED = 4, /* by the progress callback */
  CONVSTEP_OTHER_ERROR = 5
};

/* What was wrong with this thread's last call that failed, such as "stride: got (0, 0), expected 1 or more, high and
 * wide"; "" before the first. Valid until the next. */
CONVSTEP_C_API const char* convstep_last_error(void);

/* "MAJOR.MINOR.PATCH" of the library that the program runs with. */
CONVSTEP_C_API const char* convstep_version(void);

typedef int32_t convstep_dtype;
enum { CONVSTEP_FLOAT32 = 0, CONVSTEP_FLOAT64 = 1, CONVSTEP_INT64 = 2 };

/* Borrowed memory. Strides count elements, and may be anything in an array that is read. `rank` is 4, or 1 for a bias:
 * the rest of shape and strides is then not looked at. Arrays that are only read are not written, though `data` is not
 * const. */
typedef struct {
  void* data;
  convstep_dtype dtype;
  int rank;
  int64_t shape[4];
  int64_t strides[4];
} convstep_array;

/* Elements one after another, in row-major order. `rank` is 1 to 4, `shape` has as many numbers. */
CONVSTEP_C_API convstep_array convstep_dense(void* data, convstep_dtype dtype, int rank, const int64_t* shape);

typedef struct {
  int64_t height, width;
} convstep_size;

typedef int32_t convstep_padding_rule;
enum {
  CONVSTEP_PADDING_EXPLICIT = 0,
  CONVSTEP_PADDING_SAME_UPPER = 1, /* the four numbers are 0 */
  CONVSTEP_PADDING_SAME_LOWER = 2
};

typedef struct {
  int64_t top, bottom, left, right;
  convstep_padding_rule rule;
} convstep_padding;

/* Called on the caller's thread again and again, with how much is done of how much there is. Any other number than 0
 * stops the call. It must return: no longjmp, no exception. */
typedef int (*convstep_progress)(void* context, int64_t done, int64_t total);

typedef int32_t convstep_numerics;
enum { CONVSTEP_FAST = 0, CONVSTEP_NUMPY = 1 };

typedef int32_t convstep_conv_algorithm;
enum { CONVSTEP_AUTO = 0, CONVSTEP_REFERENCE = 1, CONVSTEP_DIRECT = 2, CONVSTEP_WINOGRAD = 3 };

typedef int32_t convstep_activation;
enum {
  CONVSTEP_NONE = 0,
  CONVSTEP_RELU = 1,
  CONVSTEP_RELU6 = 2,
  CONVSTEP_LEAKY_RELU = 3,
  CONVSTEP_SIGMOID = 4,
  CONVSTEP_TANH = 5
};

typedef struct {
  convstep_size stride, dilation;
  convstep_padding padding;
  int64_t groups;
  convstep_activation activation;
  double slope;
  convstep_numerics numerics;
  convstep_conv_algorithm algorithm;
  int64_t threads;            /* at most so many; 0: convstep_num_threads() */
  convstep_progress progress; /* or null */
  void* progress_context;
} convstep_conv_options;

/* Those of ConvOptions: strides and dilations of 1, no padding, ... Start from them: a program that names the fields it
 * sets goes on to compile when there are more. */
CONVSTEP_C_API convstep_conv_options convstep_conv_default_options(void);

CONVSTEP_C_API convstep_status convstep_conv_output_shape(const int64_t input[4], const int64_t weights[4],
                                                          const convstep_conv_options* options, int64_t output[4]);

/* `bias` and `residual` may be null. */
CONVSTEP_C_API convstep_status convstep_conv_forward(const convstep_array* input, const convstep_array* weights,
                                                     const convstep_array* bias, const convstep_array* residual,
                                                     const convstep_array* output,
                                                     const convstep_conv_options* options);

/* ConvPlan: the same layer again and again, with its weights packed once; it keeps no array. Threads may share it.
 * Progress is heard of while the weights are packed, and by runs. */
typedef struct convstep_conv_plan convstep_conv_plan;

/* `input` is the shape of what will be given, but for N. `bias` may be null. *plan is null where the call fails. */
CONVSTEP_C_API convstep_status convstep_conv_plan_create(convstep_conv_plan** plan, const int64_t input[4],
                                                         const convstep_array* weights, const convstep_array* bias,
                                                         const convstep_conv_options* options);
/* `residual` may be null. */
CONVSTEP_C_API convstep_status convstep_conv_plan_run(const convstep_conv_plan* plan, const convstep_array* input,
                                                      const convstep_array* residual, const convstep_array* output);
/* `plan` may be null. */
CONVSTEP_C_API void convstep_conv_plan_destroy(convstep_conv_plan* plan);

/* The gradients of a layer, where `grad` is that of its output. The options are those of the layer, but for their
 * activation, which is CONVSTEP_NONE: convstep_activation_backward gives the gradient before it. Where `accumulate` is
 * not 0, gradients are added to what the arrays hold: so those of weights and bias of a batch in parts have the bits of
 * the whole batch. `bias_grad` may be null. */
CONVSTEP_C_API convstep_status convstep_conv_backward_input(const convstep_array* grad, const convstep_array* weights,
                                                            const convstep_array* input_grad,
                                                            const convstep_conv_options* options, int accumulate);
CONVSTEP_C_API convstep_status convstep_conv_backward_weights(const convstep_array* grad, const convstep_array* input,
                                                              const convstep_array* weights_grad,
                                                              const convstep_array* bias_grad,
                                                              const convstep_conv_options* options, int accumulate);

/* ConvBackwardPlan: to the two above what a convstep_conv_plan is to convstep_conv_forward. */
typedef struct convstep_conv_backward_plan convstep_conv_backward_plan;

CONVSTEP_C_API convstep_status convstep_conv_backward_plan_create(convstep_conv_backward_plan** plan,
                                                                  const int64_t input[4], const convstep_array* weights,
                                                                  const convstep_conv_options* options);
CONVSTEP_C_API convstep_status convstep_conv_backward_plan_run_input(const convstep_conv_backward_plan* plan,
                                                                     const convstep_array* grad,
                                                                     const convstep_array* input_grad, int accumulate);
/* `bias_grad` may be null. */
CONVSTEP_C_API convstep_status convstep_conv_backward_plan_run_weights(const convstep_conv_backward_plan* plan,
                                                                       const convstep_array* grad,
                                                                       const convstep_array* input,
                                                                       const convstep_array* weights_grad,
                                                                       const convstep_array* bias_grad, int accumulate);
/* `plan` may be null. */
CONVSTEP_C_API void convstep_conv_backward_plan_destroy(convstep_conv_backward_plan* plan);

/* From the gradient of an activation's output and from its input. `input_grad` may be either of them. */
CONVSTEP_C_API convstep_status convstep_activation_backward(const convstep_array* grad, const convstep_array* input,
                                                            const convstep_array* input_grad,
                                                            convstep_activation activation, double slope);

typedef int32_t convstep_pool_mode;
enum { CONVSTEP_MAX = 0, CONVSTEP_AVERAGE = 1, CONVSTEP_LP = 2 };

typedef struct {
  convstep_size window, stride, dilation;
  convstep_pool_mode mode;
  convstep_padding padding;
  int ceil_mode, count_include_pad; /* 0 is no */
  double p;                         /* of CONVSTEP_LP */
  convstep_numerics numerics;
  int64_t threads;            /* at most so many; 0: convstep_num_threads() */
  convstep_progress progress; /* or null */
  void* progress_context;
} convstep_pool_options;

/* Those of PoolOptions: windows and strides of 1, maxima, ... */
CONVSTEP_C_API convstep_pool_options convstep_pool_default_options(void);

CONVSTEP_C_API convstep_status convstep_pool_output_shape(const int64_t input[4], const convstep_pool_options* options,
                                                          int64_t output[4]);

/* `indices` is null, or of CONVSTEP_INT64, for maxima alone. */
CONVSTEP_C_API convstep_status convstep_pool_forward(const convstep_array* input, const convstep_array* output,
                                                     const convstep_array* indices,
                                                     const convstep_pool_options* options);

/* Which of several equal maxima of a window get the gradient: the first in row order, or all, each the whole. */
typedef int32_t convstep_pool_ties;
enum { CONVSTEP_TIES_FIRST = 0, CONVSTEP_TIES_ALL = 1 };

/* The gradient of the input, from that of the output and from the input, whose data may be null for averages; for
 * maxima also from the indices that convstep_pool_forward gave. `accumulate` as above. */
CONVSTEP_C_API convstep_status convstep_pool_backward(const convstep_array* grad, const convstep_array* input,
                                                      const convstep_array* input_grad,
                                                      const convstep_pool_options* options, convstep_pool_ties ties,
                                                      int accumulate);
CONVSTEP_C_API convstep_status convstep_pool_backward_by_indices(const convstep_array* grad,
                                                                 const convstep_array* indices,
                                                                 const convstep_array* input_grad,
                                                                 const convstep_pool_options* options, int accumulate);

CONVSTEP_C_API convstep_status convstep_pad_output_shape(const int64_t input[4], const convstep_padding* padding,
                                                         int64_t output[4]);

CONVSTEP_C_API convstep_status convstep_zero_pad(const convstep_array* input, const convstep_array* output,
                                                 const convstep_padding* padding);
/* `grad` has the shape of the padded array; what arrived at the padding is cut off. */
CONVSTEP_C_API convstep_status convstep_zero_pad_backward(const convstep_array* grad, const convstep_array* input_grad,
                                                          const convstep_padding* padding);

/* num_threads(), set_num_threads() and release_memory() of convstep/runtime.h. Where CONVSTEP_NUM_THREADS is no such
 * number, convstep_num_threads() is 0, and convstep_last_error() says so. */
CONVSTEP_C_API int convstep_num_threads(void);
CONVSTEP_C_API convstep_status convstep_set_num_threads(int64_t threads);
CONVSTEP_C_API void convstep_release_memory(void);

#ifdef __cplusplus
}
#endif

#endif /* CONVSTEP_C_CONVSTEP_H_ */

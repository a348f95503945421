/* check.h: what the tests from C share. */
#ifndef CONVSTEP_TESTS_C_CHECK_H_
#define CONVSTEP_TESTS_C_CHECK_H_

#include <stdio.h>
#include <string.h>

#include "convstep/c/convstep.h"

static int failures = 0;

#define CHECK(condition)                                                                 \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      printf("%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition, convstep_last_error()); \
      ++failures;                                                                        \
    }                                                                                    \
  } while (0)

static int said(const char* text) { return strstr(convstep_last_error(), text) != NULL; }

static int stop(void* context, int64_t done, int64_t total) {
  int* calls = context;
  (void)done;
  (void)total;
  ++*calls;
  return 1;
}

/* A step from dark to bright, and the filter that looks for it. */
static const int64_t kPicture[] = {1, 4, 6, 1}, kFilter[] = {3, 3, 1, 1}, kEdges[] = {1, 2, 4, 1};

static void fill(double* picture, double* filter) {
  for (int i = 0; i < 24; ++i) picture[i] = i % 6 < 3 ? 0 : 1;
  for (int i = 0; i < 9; ++i) filter[i] = i % 3 - 1;
}

#endif /* CONVSTEP_TESTS_C_CHECK_H_ */

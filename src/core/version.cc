#include "convstep/runtime.h"

namespace convstep {

const char* version() { return CONVSTEP_VERSION; }

}  // namespace convstep

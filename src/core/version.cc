#include "convstep/version.h"

#define CONVSTEP_TEXT(number) #number
#define CONVSTEP_DOTTED(major, minor, patch) CONVSTEP_TEXT(major) "." CONVSTEP_TEXT(minor) "." CONVSTEP_TEXT(patch)

namespace convstep {

const char* version() {
  return CONVSTEP_DOTTED(CONVSTEP_VERSION_MAJOR, CONVSTEP_VERSION_MINOR, CONVSTEP_VERSION_PATCH);
}

}  // namespace convstep

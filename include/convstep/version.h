// version.h: the version of the headers, for the preprocessor, and that of the library.
//
// Versions are MAJOR.MINOR.PATCH (https://semver.org). Below 1.0.0 another MINOR may break what compiled or linked.
#pragma once

#include "convstep/export.h"

#define CONVSTEP_VERSION_MAJOR 0
#define CONVSTEP_VERSION_MINOR 1
#define CONVSTEP_VERSION_PATCH 0

namespace CONVSTEP_EXPORT convstep {

// "MAJOR.MINOR.PATCH" of the library that the program runs with.
const char* version();

}  // namespace convstep

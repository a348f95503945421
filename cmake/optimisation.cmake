# The kernels are some 60 times slower without optimisation. A project that takes convstep in with add_subdirectory or FetchContent
# and names no build type gets them optimised: it has said nothing about it. One that asks for Debug gets what it asks for, code
# that a debugger can step through, and is told what that costs.
set(CONVSTEP_OPTIMISATION "")
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES AND NOT CMAKE_CXX_FLAGS MATCHES "(^| )-O")
  set(CONVSTEP_OPTIMISATION -O3)
elseif(CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT PROJECT_IS_TOP_LEVEL)
  message(NOTICE "convstep: CMAKE_BUILD_TYPE is Debug, so that convolutions are up to 60 times slower than in Release")
endif()

# Highway (hwy::hwy) and oneTBB (TBB::tbb): those of the system, or else, with CONVSTEP_FETCH_DEPENDENCIES, built along from their
# sources, in the versions that convstep is tested with.
option(CONVSTEP_FETCH_DEPENDENCIES "Download Highway and oneTBB where they are not installed" OFF)

# Ends the configuration, unless the missing package may be fetched.
function(convstep_missing library debian)
  if(NOT CONVSTEP_FETCH_DEPENDENCIES)
    message(FATAL_ERROR "convstep needs ${library}. Install it (Debian: apt-get install ${debian}), say where it is with "
                        "-DCMAKE_PREFIX_PATH=..., or have it downloaded with -DCONVSTEP_FETCH_DEPENDENCIES=ON.")
  endif()
endfunction()

# A static library. This version installs no CMake package, so it becomes part of convstep's.
function(convstep_fetch_highway)
  set(HWY_FORCE_STATIC_LIBS ON CACHE BOOL "" FORCE)
  set(HWY_ENABLE_CONTRIB OFF CACHE BOOL "" FORCE)
  set(HWY_ENABLE_EXAMPLES OFF CACHE BOOL "" FORCE)
  set(HWY_ENABLE_INSTALL OFF CACHE BOOL "" FORCE)
  set(HWY_ENABLE_TESTS OFF CACHE BOOL "" FORCE)
  FetchContent_Declare(highway GIT_REPOSITORY https://github.com/google/highway.git GIT_TAG 1.0.3 GIT_SHALLOW ON)
  FetchContent_MakeAvailable(highway)
  add_library(hwy::hwy ALIAS hwy)
  if(CONVSTEP_INSTALL)
    install(TARGETS hwy EXPORT convstepTargets DESTINATION ${CMAKE_INSTALL_LIBDIR})
  endif()
endfunction()

# A shared library, as its authors advise, since a program should have but one scheduler; but a static one in the Python module,
# which is a single file and keeps its symbols to itself.
function(convstep_fetch_tbb)
  if(CONVSTEP_BUILD_PYTHON)
    set(BUILD_SHARED_LIBS OFF)
  else()
    set(BUILD_SHARED_LIBS ON)
    set(CMAKE_CXX_VISIBILITY_PRESET default)  # it says by a list which symbols to export
  endif()
  set(TBB_TEST OFF CACHE BOOL "" FORCE)
  set(TBB_STRICT OFF CACHE BOOL "" FORCE)
  set(TBBMALLOC_BUILD OFF CACHE BOOL "" FORCE)
  set(TBB_INSTALL ${CONVSTEP_INSTALL} CACHE BOOL "" FORCE)
  unset(TBB_DIR CACHE)  # else it would look for itself
  FetchContent_Declare(oneTBB GIT_REPOSITORY https://github.com/uxlfoundation/oneTBB.git GIT_TAG v2021.8.0 GIT_SHALLOW ON)
  FetchContent_MakeAvailable(oneTBB)
endfunction()

include(FetchContent)
find_package(hwy CONFIG QUIET GLOBAL)
find_package(TBB CONFIG QUIET GLOBAL)
set(CONVSTEP_FIND_HWY "find_dependency(hwy CONFIG)")  # a line of convstepConfig.cmake
if(NOT hwy_FOUND)
  convstep_missing("Highway, for SIMD instructions" libhwy-dev)
  convstep_fetch_highway()
  set(CONVSTEP_FIND_HWY "")
endif()
if(NOT TBB_FOUND)
  convstep_missing("oneTBB, for threads" libtbb-dev)
  convstep_fetch_tbb()
endif()

# Projects that take SOURCE in with add_subdirectory. Configures in BUILD/subproject alone, since the commands say how each file would
# be compiled.
file(REMOVE_RECURSE ${BUILD}/subproject)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Sets `commands` to those of a project of this name, some lines of which come before it takes SOURCE in.
function(configure name lines)
  set(project ${BUILD}/subproject/${name})
  file(WRITE ${project}/CMakeLists.txt "cmake_minimum_required(VERSION 3.25)
project(subproject LANGUAGES CXX)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
${lines}
add_subdirectory(${SOURCE} convstep)
install(FILES CMakeLists.txt DESTINATION mine)
")
  run(${CMAKE_COMMAND} -G Ninja -S ${project} -B ${project}/build -DCMAKE_CXX_COMPILER=${COMPILER} ${ARGN})
  file(READ ${project}/build/compile_commands.json json)
  string(JSON count LENGTH ${json})
  math(EXPR last "${count} - 1")
  set(commands "")
  foreach(i RANGE ${last})
    string(JSON command GET ${json} ${i} command)
    list(APPEND commands ${command})
  endforeach()
  set(commands ${commands} PARENT_SCOPE)
endfunction()

# All commands, and as many as are compiled of some file, match.
function(expect_all pattern)
  foreach(command ${commands})
    if(NOT command MATCHES "${pattern}")
      message(FATAL_ERROR "does not match ${pattern}: ${command}")
    endif()
  endforeach()
endfunction()
function(expect_count file expected)
  set(found ${commands})
  list(FILTER found INCLUDE REGEX "${file}")
  list(LENGTH found count)
  if(NOT count EQUAL expected)
    message(FATAL_ERROR "${count} of ${file} are compiled, not ${expected}")
  endif()
endfunction()

# Without a build type what is compiled is optimised, and nothing of ours is installed.
configure(plain "")
expect_all(" -O3 ")
run(${CMAKE_COMMAND} --install ${BUILD}/subproject/plain/build --prefix ${BUILD}/subproject/prefix)
file(GLOB installed RELATIVE ${BUILD}/subproject/prefix ${BUILD}/subproject/prefix/*)
if(NOT installed STREQUAL "mine")
  message(FATAL_ERROR "installed beside the project's own files: ${installed}")
endif()

# A project of shared libraries gets shared ones.
configure(shared "set(BUILD_SHARED_LIBS ON)")
expect_all(" -DCONVSTEP_SHARED |kernel\\.cc")

# Whatever the project's own files are compiled like, ours are compiled one by one, with exceptions, and without fast-math.
configure(fast "set(CMAKE_UNITY_BUILD ON)\nadd_compile_options(-ffast-math)"
          "-DCMAKE_CXX_FLAGS=-Ofast -ffinite-math-only -fno-exceptions -fno-rtti")
expect_all(" -Ofast .* -ffast-math .*-fexceptions -frtti -fno-fast-math .*-fno-finite-math-only ")
expect_count(unity_ 0)
expect_count("conv/winograd/kernel.cc" 1)

# Stand-ins for Highway and oneTBB.
set(sources ${BUILD}/subproject/sources)
foreach(library hwy tbb)
  file(WRITE ${sources}/${library}/${library}.cc "")
  file(WRITE ${sources}/${library}/CMakeLists.txt "project(${library} LANGUAGES CXX)\nadd_library(${library} ${library}.cc)\n")
endforeach()
file(APPEND ${sources}/tbb/CMakeLists.txt "add_library(TBB::tbb ALIAS tbb)\n")

# Those that the project has already are taken; those that are fetched are optimised, too.
configure(own "add_subdirectory(${sources}/hwy hwy)\nadd_subdirectory(${sources}/tbb tbb)")
expect_count("hwy.cc" 1)
expect_count("tbb.cc" 1)
configure(fetched "set(CONVSTEP_FETCH_DEPENDENCIES ON)" -DCMAKE_DISABLE_FIND_PACKAGE_hwy=ON -DCMAKE_DISABLE_FIND_PACKAGE_TBB=ON
          -DFETCHCONTENT_SOURCE_DIR_HIGHWAY=${sources}/hwy -DFETCHCONTENT_SOURCE_DIR_ONETBB=${sources}/tbb)
expect_count("hwy.cc" 1)
expect_count("tbb.cc" 1)
expect_all(" -O3 ")

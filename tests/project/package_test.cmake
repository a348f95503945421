# An installed copy of BUILD: what it is for a program that is built with pkg-config; what find_package says of it where its components io
# and onnx are there, or are not. And where headers are looked for that SOURCE is told to install elsewhere.
set(folder ${BUILD}/package)
set(prefix ${folder}/prefix)
file(REMOVE_RECURSE ${folder})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix} COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)

# The program of the example, without CMake.
find_program(PKG_CONFIG pkg-config REQUIRED)
file(GLOB_RECURSE descriptions ${prefix}/*/convstep-io.pc)
cmake_path(GET descriptions PARENT_PATH descriptions)
set(ENV{PKG_CONFIG_PATH} ${descriptions})
foreach(name convstep convstep-io convstep-onnx)
  execute_process(COMMAND ${PKG_CONFIG} --cflags --libs ${name} OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE
                  COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${FLAGS} ${SOURCE}/examples/embed/embed.cc ${flags}")
  execute_process(COMMAND ${COMPILER} -std=c++20 -o ${folder}/embed ${flags} COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${folder}/embed OUTPUT_VARIABLE said COMMAND_ERROR_IS_FATAL ANY)
  if(NOT said MATCHES "0 3 3 0")
    message(FATAL_ERROR "with ${name} the example said: ${said}")
  endif()
endforeach()

# A project that calls find_package(convstep ...) and says whether convstep, its io and its onnx were found.
function(expect_said pattern)
  list(JOIN ARGN " " arguments)
  file(REMOVE_RECURSE ${folder}/build)
  file(WRITE ${folder}/CMakeLists.txt "cmake_minimum_required(VERSION 3.25)
project(package LANGUAGES CXX)
find_package(convstep ${arguments})
message(\"found: \${convstep_FOUND}, io: \${convstep_io_FOUND}, onnx: \${convstep_onnx_FOUND}\")
")
  execute_process(COMMAND ${CMAKE_COMMAND} -G Ninja -S ${folder} -B ${folder}/build -DCMAKE_CXX_COMPILER=${COMPILER}
                          -DCMAKE_PREFIX_PATH=${prefix}
                  ERROR_VARIABLE said OUTPUT_QUIET)
  string(REGEX REPLACE "[ \n]+" " " said "${said}")
  if(NOT said MATCHES "${pattern}")
    message(FATAL_ERROR "${arguments} said: ${said}")
  endif()
endfunction()

expect_said("found: 1, io: TRUE, onnx: *$" REQUIRED COMPONENTS core io)
expect_said("found: 1, io: TRUE, onnx: TRUE" REQUIRED COMPONENTS onnx)
expect_said("found: 1, io: , onnx: *$" REQUIRED)
expect_said("Its components are core, io and onnx" REQUIRED COMPONENTS files)

file(GLOB_RECURSE onnx_targets ${prefix}/*/convstepOnnxTargets.cmake)
file(REMOVE ${onnx_targets})
expect_said("component onnx was not built: that takes CONVSTEP_BUILD_ONNX=ON" REQUIRED COMPONENTS onnx)
expect_said("found: 1, io: TRUE" QUIET COMPONENTS io OPTIONAL_COMPONENTS onnx)

file(GLOB_RECURSE io_targets ${prefix}/*/convstepIoTargets.cmake)
file(REMOVE ${io_targets})
expect_said("component io was not built: that takes CONVSTEP_BUILD_IO=ON" REQUIRED COMPONENTS io)
expect_said("^found: (0|FALSE), io:" QUIET COMPONENTS io)
expect_said("found: 1, io:" QUIET OPTIONAL_COMPONENTS io)

execute_process(COMMAND ${CMAKE_COMMAND} -G Ninja -S ${SOURCE} -B ${folder}/headers -DCMAKE_CXX_COMPILER=${COMPILER}
                        -DCONVSTEP_BUILD_IO=OFF -DCONVSTEP_BUILD_ONNX=OFF -DCONVSTEP_BUILD_CLI=OFF -DCONVSTEP_BUILD_TESTS=OFF
                        -DCMAKE_INSTALL_INCLUDEDIR=include/elsewhere
                COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
file(GLOB_RECURSE targets ${folder}/headers/convstepTargets.cmake)
file(READ ${targets} text)
if(NOT text MATCHES "_IMPORT_PREFIX}/include/elsewhere")
  message(FATAL_ERROR "the package looks for its headers elsewhere: ${text}")
endif()

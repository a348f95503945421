# Where libraries are missing the configuration ends with all of them, and the way to go on in the syntax of CMake, or of pip.
function(expect_said define)
  set(tree ${BUILD}/missing)
  file(REMOVE_RECURSE ${tree})
  execute_process(COMMAND ${CMAKE_COMMAND} -G Ninja -S ${SOURCE} -B ${tree} -DCMAKE_CXX_COMPILER=${COMPILER}
                          -DCMAKE_DISABLE_FIND_PACKAGE_hwy=ON -DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON ${ARGN}
                  ERROR_VARIABLE said OUTPUT_QUIET RESULT_VARIABLE result)
  string(REGEX REPLACE "[ \n]+" " " said "${said}")
  if(result EQUAL 0 OR NOT said MATCHES "apt-get install libhwy-dev libfmt-dev "
     OR NOT said MATCHES "${define}CONVSTEP_FETCH_DEPENDENCIES=ON" OR NOT said MATCHES "${define}CONVSTEP_BUILD_CLI=OFF")
    message(FATAL_ERROR "said: ${said}")
  endif()
endfunction()

expect_said("-D")
expect_said("--config-settings=cmake.define." -DSKBUILD=2)

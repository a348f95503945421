# Installs BUILD into a prefix, builds the program EXAMPLE against it and runs it.
set(prefix ${BUILD}/embed/prefix)
set(tree ${BUILD}/embed/build)
file(REMOVE_RECURSE ${BUILD}/embed)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})
run(${CMAKE_COMMAND} -G Ninja -S ${EXAMPLE} -B ${tree} -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${COMPILER}
    -DCMAKE_CXX_FLAGS=${FLAGS})
run(${CMAKE_COMMAND} --build ${tree})
run(${tree}/embed)

# Compiles each public header of SOURCE alone, and the example, which makes something of the templates, with every warning that an
# embedder may have turned on as an error, as later C++, without exceptions and run-time types, and for fast-math: with COMPILER, and
# with clang where there is one.
set(folder ${BUILD}/headers)
file(GLOB headers RELATIVE ${SOURCE}/include ${SOURCE}/include/convstep/*.h ${SOURCE}/include/convstep/c/*.h)
find_program(CLANG clang++)
set(compilers ${COMPILER})
if(CLANG)
  list(APPEND compilers ${CLANG})
endif()
set(warnings -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Werror)

foreach(header ${headers})
  string(MAKE_C_IDENTIFIER ${header} name)
  file(WRITE ${folder}/${name}.cc "#include <${header}>\n")
  list(APPEND files ${folder}/${name}.cc)
endforeach()
list(APPEND files ${SOURCE}/examples/embed/embed.cc)
list(REMOVE_DUPLICATES compilers)
foreach(compiler ${compilers})
  foreach(flags -std=c++20 "-std=gnu++2b;-fno-exceptions;-fno-rtti;-ffast-math")
    execute_process(COMMAND ${compiler} ${flags} -fsyntax-only -I${SOURCE}/include ${warnings} ${files} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
endforeach()

# The page that `convstep explain` writes: its modules, style and frame joined to one text, with one gap, @layer@, for the layer
# (docs/decisions/0023-the-page-is-joined-by-cmake.md). An import is dropped, for what it names stands further up in the same script, in
# the order of this list.
#
# Where the file CONVSTEP_WASM is there, the page carries the reference as WebAssembly, too (make wasm).
#
#   include(page.cmake)                              sets convstep_page, the text, and convstep_page_pieces, the same as literals for C++
#   cmake -DOUTPUT=page.html -P web/page.cmake       writes the text
if(CMAKE_SCRIPT_MODE_FILE)
  cmake_minimum_required(VERSION 3.25)
endif()
set(modules
    reference/pairwise_sum reference/geometry reference/conv reference/pool
    arrays text dom engine wasm layer gradients state terms
    views/colours views/frames views/cells views/pixels views/grid views/strip views/links views/loupe views/arrays_shown views/figure views/filter_editor
    views/stage views/products views/sum views/formulas
    words controls views/head player views/speech keyboard theme main)
set(styles colours page controls figures words screens)
if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(sources page.html)
  foreach(style IN LISTS styles)
    list(APPEND sources style/${style}.css)
  endforeach()
  foreach(module IN LISTS modules)
    list(APPEND sources ${module}.mjs)
  endforeach()
  list(TRANSFORM sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${sources} ${CONVSTEP_WASM})
endif()

set(CONVSTEP_WASM "${CONVSTEP_WASM}" CACHE FILEPATH "The reference as WebAssembly, in base64, for the page of convstep explain (make wasm)")
set(wasm "")
if(EXISTS "${CONVSTEP_WASM}")
  file(READ "${CONVSTEP_WASM}" wasm)
endif()

set(convstep_page "")
set(convstep_page_pieces "")
# A compiler need not take a literal of more than 65,536 bytes, so what is longer is cut.
function(convstep_add_part text)
  set(most 65000)
  set(pieces "")
  set(left "${text}")
  string(LENGTH "${left}" length)
  while(length GREATER most)
    string(SUBSTRING "${left}" 0 ${most} piece)
    string(SUBSTRING "${left}" ${most} -1 left)
    string(LENGTH "${left}" length)
    string(APPEND pieces "R\"piece(${piece})piece\",\n")
  endwhile()
  string(APPEND pieces "R\"piece(${left})piece\",\n")
  set(convstep_page "${convstep_page}${text}" PARENT_SCOPE)
  set(convstep_page_pieces "${convstep_page_pieces}${pieces}" PARENT_SCOPE)
endfunction()

set(style "")
foreach(name IN LISTS styles)
  file(READ ${CMAKE_CURRENT_LIST_DIR}/style/${name}.css text)
  string(APPEND style "${text}\n")
endforeach()
file(READ ${CMAKE_CURRENT_LIST_DIR}/page.html frame)
string(REPLACE "@style@" "${style}" frame "${frame}")
string(REGEX MATCH "^(.*)@wasm@(.*)@script@(.*)$" frame "${frame}")
set(after "${CMAKE_MATCH_3}")
set(between "${CMAKE_MATCH_2}")
convstep_add_part("${CMAKE_MATCH_1}")
convstep_add_part("${wasm}")
convstep_add_part("${between}")
foreach(module IN LISTS modules)
  file(READ ${CMAKE_CURRENT_LIST_DIR}/${module}.mjs text)
  string(REGEX REPLACE "\nimport [^;]*;" "" text "\n${text}")
  string(REGEX REPLACE "\nexport " "\n" text "${text}")
  convstep_add_part("\n// web/${module}.mjs${text}")
endforeach()
convstep_add_part("${after}")

if(CMAKE_SCRIPT_MODE_FILE)
  file(WRITE ${OUTPUT} "${convstep_page}")
endif()

# Most of the time that a file takes goes into headers and into what it makes of them. Where CONVSTEP_UNITY_BUILD is on, the
# files of TARGET whose paths match one of the expressions are compiled together, those of each expression as one. A file whose own
# names are those of a neighbour stays out of its group.
function(convstep_unity target)
  if(NOT CONVSTEP_UNITY_BUILD)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  get_target_property(sources ${target} SOURCES)
  set(number 0)
  foreach(expression ${ARGN})
    math(EXPR number "${number} + 1")
    set(group ${sources})
    list(FILTER group INCLUDE REGEX ${expression})
    set_source_files_properties(${group} PROPERTIES UNITY_GROUP ${target}_${number})
  endforeach()
endfunction()

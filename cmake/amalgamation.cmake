# The libraries that need nothing but C as two files each, for who would rather compile than link.
find_package(Python3 COMPONENTS Interpreter)
if(NOT Python3_FOUND)
  message(STATUS "No Python: weir.c and weir.h are not made")
  return()
endif()

set(weir_amalgamation_dir ${PROJECT_BINARY_DIR}/amalgamation)
set(files weir.c weir.h weir_promql.c weir_promql.h)
list(TRANSFORM files PREPEND ${weir_amalgamation_dir}/)
file(GLOB_RECURSE amalgamation_inputs CONFIGURE_DEPENDS lib/*.[ch] include/weir/*.h)
# The files are only written when they change, so that what includes them is not built again.
add_custom_command(
  OUTPUT ${weir_amalgamation_dir}/made
  BYPRODUCTS ${files}
  COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/tools/amalgamate.py ${weir_amalgamation_dir}
  COMMAND ${CMAKE_COMMAND} -E touch ${weir_amalgamation_dir}/made
  DEPENDS ${amalgamation_inputs} ${PROJECT_SOURCE_DIR}/tools/amalgamate.py
  VERBATIM)
add_custom_target(weir_amalgamation ALL DEPENDS ${weir_amalgamation_dir}/made)
if(WEIR_INSTALL)
  install(FILES ${files} DESTINATION ${CMAKE_INSTALL_DATADIR}/weir COMPONENT development)
endif()

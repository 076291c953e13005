# Where a component goes: headers, library, pkg-config file, and what weir-config.cmake reads of it.
# Static and shared libraries are of two builds, and may be installed to one prefix.
include(CMakePackageConfigHelpers)

set(weir_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weir)
set(weir_linkage static)
if(BUILD_SHARED_LIBS)
  set(weir_linkage shared)
endif()

# An installed tree can be moved: nothing in it names the prefix, unless libraries are to lie outside.
set(weir_pc_prefix ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR})
  file(RELATIVE_PATH up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  string(REGEX REPLACE "/$" "" up ${up})
  set(weir_pc_prefix "\${pcfiledir}/${up}")
  # The system's own folders are found without.
  if(NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    file(RELATIVE_PATH up /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${CMAKE_INSTALL_LIBDIR})
    set(weir_library_rpath "$ORIGIN")
    set(weir_program_rpath "$ORIGIN/${up}")
  endif()
endif()

# For weir_component(), whose arguments it uses.
macro(weir_install_component)
  set(pc_name weir-${name})
  if(name STREQUAL "core")
    set(pc_name weir)
  endif()
  set(pc_requires "")
  foreach(required IN LISTS arg_REQUIRES)
    string(REGEX REPLACE "-core$" "" required weir-${required})
    list(APPEND pc_requires "${required} = ${PROJECT_VERSION}")
  endforeach()
  list(JOIN pc_requires ", " pc_requires)
  list(JOIN arg_PKGCONFIG ", " pc_private)
  configure_file(pkgconfig/component.pc.in install/${pc_name}.pc @ONLY)
  configure_file(pkgconfig/component.cmake.in install/weir-${name}.cmake @ONLY)

  list(TRANSFORM arg_HEADERS PREPEND include/weir/)
  install(FILES ${arg_HEADERS} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/weir COMPONENT development)
  install(TARGETS ${target} EXPORT ${target}
          ARCHIVE COMPONENT development
          LIBRARY COMPONENT libraries NAMELINK_COMPONENT development)
  install(EXPORT ${target} NAMESPACE weir:: DESTINATION ${weir_cmake_dir}
          FILE weir-${name}-${weir_linkage}.cmake COMPONENT development)
  install(FILES ${PROJECT_BINARY_DIR}/install/${pc_name}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
  install(FILES ${PROJECT_BINARY_DIR}/install/weir-${name}.cmake
          DESTINATION ${weir_cmake_dir} COMPONENT development)
  if(CMAKE_INTERPROCEDURAL_OPTIMIZATION_RELEASE AND NOT BUILD_SHARED_LIBS)
    weir_install_one_object(${target})
  endif()
endmacro()

# An archive whose objects were optimized together, in place of one that only this very compiler could
# optimize; and whose internal names are not in the way of others.
function(weir_install_one_object target)
  set(code [[
    if(CMAKE_INSTALL_CONFIG_NAME STREQUAL "Release")
      set(archive "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/@CMAKE_INSTALL_LIBDIR@/$<TARGET_FILE_NAME:@target@>")
      set(object "@CMAKE_CURRENT_BINARY_DIR@/install/@target@.o")
      message(STATUS "One object: ${archive}")
      execute_process(COMMAND "@CMAKE_C_COMPILER@" -O3 -r -nostdlib -flto -flinker-output=nolto-rel
                              -o "${object}" -Wl,--whole-archive "$<TARGET_FILE:@target@>"
                      COMMAND_ERROR_IS_FATAL ANY)
      execute_process(COMMAND "@CMAKE_OBJCOPY@" --localize-hidden "${object}"
                      COMMAND_ERROR_IS_FATAL ANY)
      file(REMOVE "${archive}")
      execute_process(COMMAND "@CMAKE_AR@" rcsD "${archive}" "${object}" COMMAND_ERROR_IS_FATAL ANY)
    endif()]])
  string(CONFIGURE "${code}" code @ONLY)
  install(CODE "${code}" COMPONENT development)
endfunction()

configure_package_config_file(
  cmake/weir-config.cmake.in ${PROJECT_BINARY_DIR}/install/weir-config.cmake
  INSTALL_DESTINATION ${weir_cmake_dir} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break what was built against the one before it.
set(compatibility SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatibility SameMinorVersion)
endif()
write_basic_package_version_file(${PROJECT_BINARY_DIR}/install/weir-config-version.cmake
                                 COMPATIBILITY ${compatibility})
install(FILES ${PROJECT_BINARY_DIR}/install/weir-config.cmake
              ${PROJECT_BINARY_DIR}/install/weir-config-version.cmake
        DESTINATION ${weir_cmake_dir} COMPONENT development)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)

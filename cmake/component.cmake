# What of the project others link: each component is a library with its public headers, a pkg-config
# file and a component of find_package(weir).
#
#   weir_component(NAME DESCRIPTION text LAYERS folder... HEADERS file...
#                  [REQUIRES component...] [PKGCONFIG module...])
#
# LAYERS are folders under lib, HEADERS files under include/weir, REQUIRES components that its public
# headers use, PKGCONFIG what only its code needs. The component "core" is the target weir, weir::weir
# to users; another is weir_NAME and weir::NAME.
add_custom_target(weir_components)
function(weir_component name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "DESCRIPTION" "LAYERS;HEADERS;REQUIRES;PKGCONFIG")
  weir_target(target ${name})
  weir_target(public_targets ${arg_REQUIRES})
  list(TRANSFORM arg_LAYERS REPLACE "(.+)" "lib/\\1/*.c" OUTPUT_VARIABLE patterns)
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  add_library(${target} ${sources})
  string(REGEX REPLACE "^weir_" "" export_name ${target})
  add_library(weir::${export_name} ALIAS ${target})
  add_dependencies(weir_components ${target})
  set_property(GLOBAL APPEND PROPERTY weir_headers ${arg_HEADERS})

  # Imported targets have the names of their modules, but for a lib before it: PkgConfig::cjson.
  set(private_targets "")
  foreach(module IN LISTS arg_PKGCONFIG)
    string(REGEX REPLACE "^lib(.)" "\\1" prefix ${module})
    pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET ${module})
    list(APPEND private_targets PkgConfig::${prefix})
    set_property(GLOBAL APPEND PROPERTY weir_pkgconfig_modules ${module})
  endforeach()
  target_include_directories(
    ${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                     $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}> PRIVATE lib)
  target_link_libraries(${target} PUBLIC ${public_targets} PRIVATE $<BUILD_INTERFACE:weir_options>
                                                                   ${private_targets})
  set_target_properties(
    ${target} PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${weir_soversion}
                         EXPORT_NAME ${export_name} INSTALL_RPATH "${weir_library_rpath}")
  if(WEIR_INSTALL)
    weir_install_component()
  endif()
endfunction()

# After all of them: a public header that no component has would not be installed.
function(weir_check_headers)
  get_property(headers GLOBAL PROPERTY weir_headers)
  file(GLOB ownerless CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include/weir include/weir/*.h)
  list(REMOVE_ITEM ownerless ${headers})
  if(ownerless)
    message(SEND_ERROR "Public headers of no component: ${ownerless}; name them in its HEADERS")
  endif()
endfunction()

# The targets of components.
function(weir_target out)
  list(TRANSFORM ARGN PREPEND "weir_" OUTPUT_VARIABLE targets)
  list(TRANSFORM targets REPLACE "^weir_core$" "weir")
  set(${out} ${targets} PARENT_SCOPE)
endfunction()

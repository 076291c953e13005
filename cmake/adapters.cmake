# Adapters: libraries of their own that depend on the core, never the other way round.
find_package(PkgConfig REQUIRED)
pkg_check_modules(cjson REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(libfyaml REQUIRED IMPORTED_TARGET libfyaml)

file(GLOB manifest_sources CONFIGURE_DEPENDS lib/manifest/*.c)
add_library(weir_manifest ${manifest_sources})
add_library(weir::manifest ALIAS weir_manifest)
target_link_libraries(weir_manifest PUBLIC weir PRIVATE weir_options PkgConfig::cjson
                                                        PkgConfig::libfyaml)
set_target_properties(weir_manifest PROPERTIES VERSION ${PROJECT_VERSION}
                                               SOVERSION ${PROJECT_VERSION_MAJOR})

# What Prometheus and its neighbours write, to series.
file(GLOB prometheus_sources CONFIGURE_DEPENDS lib/prometheus/*.c)
add_library(weir_prometheus ${prometheus_sources})
add_library(weir::prometheus ALIAS weir_prometheus)
target_link_libraries(weir_prometheus PUBLIC weir weir_promql PRIVATE weir_options PkgConfig::cjson)
set_target_properties(weir_prometheus PROPERTIES VERSION ${PROJECT_VERSION}
                                                 SOVERSION ${PROJECT_VERSION_MAJOR})

# Series in memory and PromQL over them: a library of its own that needs the public headers alone.
file(GLOB promql_sources CONFIGURE_DEPENDS lib/promql/*.c)
add_library(weir_promql ${promql_sources})
add_library(weir::promql ALIAS weir_promql)
target_include_directories(weir_promql PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                              $<INSTALL_INTERFACE:include> PRIVATE lib)
# Values do not depend on it; gcc does several steps of a loop at once only with it.
target_compile_options(weir_promql PRIVATE -fno-trapping-math)
target_link_libraries(weir_promql PRIVATE weir_options)
set_target_properties(weir_promql PROPERTIES VERSION ${PROJECT_VERSION}
                                             SOVERSION ${PROJECT_VERSION_MAJOR})

# Series in memory and PromQL over them: needs the public headers alone.
weir_component(
  promql DESCRIPTION "Series in memory, and PromQL over them" LAYERS promql HEADERS promql.h
  REQUIRES core)
target_include_directories(weir_promql PRIVATE lib)

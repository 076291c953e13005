# Adapters: libraries of their own that depend on the core, never the other way round. WEIR_ADAPTERS is
# ON for all of them, or a list of those that are wanted.
find_package(PkgConfig REQUIRED)

set(all_adapters manifest prometheus scaler http)
set(adapters ${WEIR_ADAPTERS})
list(REMOVE_ITEM adapters ${all_adapters})
if(adapters)
  set(adapters ${all_adapters})
else()
  set(adapters ${WEIR_ADAPTERS})
endif()

if("manifest" IN_LIST adapters)
  weir_component(
    manifest DESCRIPTION "Kubernetes manifests as configurations of weir" LAYERS manifest
    HEADERS manifest.h hpa_spec.h knative.h kserve.h REQUIRES core
    PKGCONFIG libcjson libfyaml)
endif()
if("prometheus" IN_LIST adapters)
  weir_component(
    prometheus DESCRIPTION "What Prometheus and its neighbours write, as series" LAYERS prometheus
    HEADERS prometheus.h REQUIRES core promql PKGCONFIG libcjson)
endif()
if("scaler" IN_LIST adapters)
  weir_component(
    scaler DESCRIPTION "What KEDA's scalers make of the answers of their sources" LAYERS scaler
    HEADERS scaler.h REQUIRES core promql prometheus PKGCONFIG libfyaml)
endif()
if("http" IN_LIST adapters)
  weir_component(
    http DESCRIPTION "Questions to a Prometheus server" LAYERS http HEADERS http.h
    REQUIRES core promql prometheus PKGCONFIG libcurl)
  target_compile_definitions(weir_http PRIVATE _POSIX_C_SOURCE=200809L) # for nanosleep()
endif()
# Nothing in these is hot, and optimizing them across files takes long.
foreach(adapter IN ITEMS manifest scaler http)
  if(TARGET weir_${adapter})
    set_target_properties(weir_${adapter} PROPERTIES INTERPROCEDURAL_OPTIMIZATION_RELEASE OFF)
  endif()
endforeach()
if(adapters STREQUAL all_adapters)
  weir_check_headers()
endif()

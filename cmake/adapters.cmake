# Adapters: libraries of their own that depend on the core, never the other way round.
find_package(PkgConfig REQUIRED)

weir_component(
  manifest DESCRIPTION "Kubernetes manifests as configurations of weir" LAYERS manifest
  HEADERS manifest.h hpa_spec.h knative.h kserve.h REQUIRES core
  PKGCONFIG libcjson libfyaml)
weir_component(
  prometheus DESCRIPTION "What Prometheus and its neighbours write, as series" LAYERS prometheus
  HEADERS prometheus.h REQUIRES core promql PKGCONFIG libcjson)
weir_component(
  scaler DESCRIPTION "What KEDA's scalers make of the answers of their sources" LAYERS scaler
  HEADERS scaler.h REQUIRES core promql prometheus PKGCONFIG libfyaml)
weir_component(
  http DESCRIPTION "Questions to a Prometheus server" LAYERS http HEADERS http.h
  REQUIRES core promql prometheus PKGCONFIG libcurl)
target_compile_definitions(weir_http PRIVATE _POSIX_C_SOURCE=200809L) # for nanosleep()

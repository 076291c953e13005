# Adapters: libraries of their own that depend on the core, never the other way round.
find_package(PkgConfig REQUIRED)

weir_component(
  manifest DESCRIPTION "Kubernetes manifests as configurations of weir" LAYERS manifest
  HEADERS manifest.h hpa_spec.h knative.h kserve.h REQUIRES core
  PKGCONFIG libcjson libfyaml)

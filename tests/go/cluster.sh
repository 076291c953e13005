#!/usr/bin/env bash
# The example of a controller (examples/go-controller): its tests with controller-runtime's fake client, and
# against a real kube-apiserver and etcd. Not a stage of scripts/test, as its first run compiles a great deal:
# controller-runtime with Kubernetes' clients, and kube-apiserver itself. etcd is Debian's etcd-server.
#
#   cluster.sh          all of it
#   cluster.sh --fake   without a server
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
root=$PWD
go=$(tests/upstream/toolchain.sh)
export GOTOOLCHAIN=local GOWORK=off GOFLAGS=-buildvcs=false
unset GOEXPERIMENT

if [ "${1:-}" != --fake ]; then
    etcd=$(command -v etcd) || {
        echo "cluster.sh: there is no etcd; Debian's package is etcd-server" >&2
        exit 1
    }
    assets=$root/build/go/cluster
    if [ ! -x "$assets/kube-apiserver" ]; then
        mkdir -p "$assets"
        work=$(mktemp -d)
        trap 'rm -rf "$work"' EXIT
        # The versions are those that the HPA's vectors were recorded from.
        sed 's/^module .*/module kube/' tests/upstream/hpa/go.mod >"$work/go.mod"
        cp tests/upstream/hpa/go.sum "$work"
        printf 'package kube\n\nimport _ "k8s.io/kubernetes/cmd/kube-apiserver/app"\n' >"$work/kube.go"
        (
            cd "$work"
            export CGO_ENABLED=0
            "$go" mod tidy
            "$go" build -ldflags=-w -gcflags=all=-dwarf=false -o "$assets/kube-apiserver" \
                k8s.io/kubernetes/cmd/kube-apiserver
        )
    fi
    ln -sf "$etcd" "$assets/etcd"
    export KUBEBUILDER_ASSETS=$assets
fi
cd examples/go-controller
"$go" vet ./...
"$go" test -v ./...

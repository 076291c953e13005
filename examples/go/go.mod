module weir/examples/go

go 1.26.0

require weir/bindings/go v0.0.0

replace weir/bindings/go => ../../bindings/go

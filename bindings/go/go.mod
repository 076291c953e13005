module weir/bindings/go

go 1.26.0

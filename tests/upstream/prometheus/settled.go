package main

import "github.com/prometheus/prometheus/promql/parser"

// Upstream gathers the rows of some results in a map, whose order changes from run to run. Where an
// aggregation adds such rows up, or chooses among equal ones, its answer is not defined to the bit.

// settled tells whether upstream's answer to a query is the same on every run. grid: it is asked
// for more than one time.
func settled(query string, grid bool) bool {
	e, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		return true
	}
	ok, _ := settledOrder(e, grid)
	return ok
}

// settledOrder tells whether the values of an expression are the same on every run, and whether
// their order is.
func settledOrder(e parser.Expr, grid bool) (values, order bool) {
	switch x := e.(type) {
	case *parser.ParenExpr:
		return settledOrder(x.Expr, grid)
	case *parser.UnaryExpr:
		return settledOrder(x.Expr, grid)
	case *parser.SubqueryExpr:
		return settledOrder(x.Expr, true)
	case *parser.BinaryExpr:
		lv, lo := settledOrder(x.LHS, grid)
		rv, ro := settledOrder(x.RHS, grid)
		return lv && rv, lo && ro && !grid
	case *parser.AggregateExpr:
		pv := true
		if x.Param != nil {
			pv, _ = settledOrder(x.Param, grid)
		}
		values, order = settledOrder(x.Expr, grid)
		switch x.Op {
		case parser.COUNT, parser.GROUP:
			return pv && values, order
		case parser.COUNT_VALUES:
			return pv && values, false
		case parser.TOPK, parser.BOTTOMK:
			return pv && values && order, order && !grid
		}
		return pv && values && order, order
	case *parser.Call:
		values, order = true, true
		ranged := false
		for _, a := range x.Args {
			v, o := settledOrder(a, grid)
			values, order = values && v, order && o
			ranged = ranged || a.Type() == parser.ValueTypeMatrix
		}
		switch x.Func.Name {
		case "histogram_quantile":
			return values, false
		case "label_replace", "label_join":
			return values, order
		}
		return values, order && (ranged || !grid)
	}
	return true, true
}

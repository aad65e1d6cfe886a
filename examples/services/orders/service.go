package main

import (
	"context"
	nethttp "net/http"

	"github.com/go-kratos/kratos/v2/errors"
	"github.com/go-kratos/kratos/v2/transport/http"

	"example.com/services/codes"
)

type order struct {
	SKU string `json:"sku"`
}

type placed struct {
	SKU  string `json:"sku"`
	Left int    `json:"left"`
}

type orders struct {
	stock *stockClient
}

func (o *orders) create(ctx context.Context, in *order) (*placed, error) {
	out, err := o.stock.deduct(ctx, in)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// register is what protoc-gen-go-http writes for a service with one method.
func register(server *http.Server, service *orders) {
	server.Route("/").POST("/v1/orders", func(ctx http.Context) error {
		var in order
		if err := ctx.Bind(&in); err != nil {
			return err
		}
		http.SetOperation(ctx, "/order.v1.Orders/Create")
		handler := ctx.Middleware(func(ctx context.Context, in any) (any, error) { return service.create(ctx, in.(*order)) })
		out, err := handler(ctx, &in)
		if err != nil {
			return err
		}
		return ctx.Result(nethttp.StatusOK, out)
	})
}

// encodeError answers with code, message and solution in place of Kratos' own form.
func encodeError(w nethttp.ResponseWriter, _ *nethttp.Request, err error) {
	failure := codes.OrderFailed
	switch e := errors.FromError(err); {
	case e.Reason == "CIRCUITBREAKER":
		failure = codes.OrderRefused
	case e.Reason == "RATELIMIT":
		failure = codes.OrderLimited
	case e.Metadata["biz_code"] == codes.SoldOut.Text():
		failure = codes.SoldOut
	case e.Metadata["biz_code"] == codes.StockLimited.Text():
		failure = codes.StockLimited
	}
	failure.Write(w)
}

package main

import (
	"context"
	nethttp "net/http"

	"github.com/go-kratos/kratos/v3/errors"
	"github.com/go-kratos/kratos/v3/transport/http"

	"example.com/services/codes"
)

type product struct {
	SKU  string `json:"sku"`
	Left int    `json:"left"`
}

type catalog struct {
	stock *stockClient
}

// register is what protoc-gen-go-http writes for a service with one method.
func register(server *http.Server, service *catalog) {
	server.Route("/").GET("/v1/products/{sku}", func(ctx http.Context) error {
		http.SetOperation(ctx, "/catalog.v1.Catalog/Get")
		handler := ctx.Middleware(func(ctx context.Context, sku any) (any, error) { return service.stock.level(ctx, sku.(string)) })
		out, err := handler(ctx, ctx.Vars().Get("sku"))
		if err != nil {
			return err
		}
		return ctx.Result(nethttp.StatusOK, out)
	})
}

// encodeError answers with code, message and solution in place of Kratos' own form.
func encodeError(w nethttp.ResponseWriter, _ *nethttp.Request, err error) {
	failure := codes.ProductFailed
	switch e := errors.FromError(err); {
	case e.Reason == "CIRCUITBREAKER":
		failure = codes.ProductRefused
	case e.Reason == "RATELIMIT":
		failure = codes.ProductLimited
	case e.Metadata["biz_code"] == codes.StockLimited.Text():
		failure = codes.StockLimited
	}
	failure.Write(w)
}

// Package codes is how these services say what went wrong: a number that names service, module and error, a message for
// people, and what to do about it.
package codes

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// Failure is the body of every answer that is no success: {"code":5001003,"message":"...","solution":"..."}.
// The code is read as 5|001|003: service, module, error.
type Failure struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	Solution string `json:"solution"`
	Cause    int    `json:"cause,omitempty"` // the code that came from further down
	Status   int    `json:"-"`               // of HTTP
}

// The errors of the shop.
var (
	StockAway    = failure(5001001, "stock ledger is not available", "wait a minute; if it stays, look at the ledger", http.StatusServiceUnavailable)
	SoldOut      = failure(5001003, "insufficient stock", "replenish, or lower the quantity", http.StatusConflict)
	StockLimited = failure(5001004, "too many stock requests", "spread the requests over time", http.StatusTooManyRequests)

	OrderFailed  = failure(4002001, "the order could not be placed", "try again", http.StatusBadGateway)
	OrderRefused = failure(4002002, "orders do not call stock at the moment", "try again in a minute", http.StatusServiceUnavailable)
	OrderLimited = failure(4002003, "too many orders", "spread the orders over time", http.StatusTooManyRequests)

	ProductFailed  = failure(6001001, "the product could not be read", "try again", http.StatusBadGateway)
	ProductRefused = failure(6001002, "the catalog does not call stock at the moment", "try again in a minute", http.StatusServiceUnavailable)
	ProductLimited = failure(6001003, "too many product requests", "spread the requests over time", http.StatusTooManyRequests)

	ShopFailed  = failure(3001001, "the shop could not answer", "try again", http.StatusBadGateway)
	ShopRefused = failure(3001002, "the shop does not ask at the moment", "try again in a minute", http.StatusServiceUnavailable)
	ShopLimited = failure(3001003, "too many requests", "wait a second", http.StatusTooManyRequests)
)

func failure(code int, message, solution string, status int) Failure {
	return Failure{Code: code, Message: message, Solution: solution, Status: status}
}

// Error is the failure as JSON, the form in which it also goes to logs.
func (f Failure) Error() string {
	text, _ := json.Marshal(f) // two strings and a number: cannot fail
	return string(text)
}

// Text is the code alone.
func (f Failure) Text() string { return strconv.Itoa(f.Code) }

// Write answers with the failure.
func (f Failure) Write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Error()))
}

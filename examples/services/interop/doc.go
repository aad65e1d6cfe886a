// Package interop runs the services of this module against a real Fusebox, breaks their dependency on a schedule, and compares
// what Fusebox says with what really happened. It is all tests; `make test-interop` runs them.
//
//	main_test.go       builds the programs, finds the server
//	process_test.go    one program: started, killed, its output kept
//	fusebox_test.go    the server, and questions to its API
//	shop_test.go       the four services
//	load_test.go       calls with a steady pace, and what each of them was answered
//	truth_test.go      trips and refusals as the callers lived them
//	clients_test.go    services in other languages: ../../clients
//	runtimes_test.go   how these are built and started
//	collector_test.go  a Collector, while the server is killed
//	push_test.go       clients of Zipkin, Prometheus and Loki that push
//	jaeger_test.go     clients of Jaeger that push
//	prometheus_test.go a Prometheus that writes
//	lens_test.go       the user interface of Zipkin in a browser
//	docs_test.go       what the pages show is what is run
//	pages_test.go      commands and settings that pages show, run
//	schedule_test.go   the test: the schedule, what is asserted, the score
package interop

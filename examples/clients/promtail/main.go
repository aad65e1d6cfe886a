// Command promtail pushes the lines that it reads as Promtail does: with the client that Grafana took out of it, and the section of its
// configuration that says where to.
package main

import (
	"bufio"
	"os"
	"time"

	"github.com/go-kit/log"
	"github.com/grafana/loki-client-go/loki"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v2"
)

func main() {
	var settings struct{ Clients []loki.Config }
	text, err := os.ReadFile(os.Args[1])
	check(err)
	check(yaml.Unmarshal(text, &settings))
	client, err := loki.NewWithLogger(settings.Clients[0], log.NewLogfmtLogger(os.Stderr))
	check(err)
	labels := model.LabelSet{"app": "shop", "level": "warn"}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		check(client.Handle(labels, time.Now(), lines.Text()))
	}
	client.Stop() // sends the rest
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

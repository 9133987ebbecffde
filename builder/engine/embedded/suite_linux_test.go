package embedded_test

import (
	"strconv"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/engine"
	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest"
)

func TestConformance(t *testing.T) {
	needEngine(t)
	enginetest.Run(t, func(t *testing.T) enginetest.Engine {
		e := open(t, embedded.Options{})
		return enginetest.Engine{Solver: &engine.Engine{Client: e.Client(), Compression: "zstd", SharedKey: t.Name(), Epoch: strconv.Itoa(315532800)}}
	})
}

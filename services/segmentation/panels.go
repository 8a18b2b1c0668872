package segmentation

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"github.com/rapport-cx/rapport/services/segmentation/panel"
	"github.com/rapport-cx/rapport/services/segmentation/segment"
)

// panelOf is a brand's persons in memory, for questions about many of them.
func (s *Server) panelOf(b *brand) *panel.Table {
	return panel.New(panel.Source{Brand: b.ID, Zone: b.zone, DB: s.store.db, Log: s.store.log.Reader, Clock: s.clock,
		World: func(ctx context.Context) (*segment.World, error) { return s.world(ctx, b) }})
}

// tendEvery is how often panels that are in use take in what is new, so that a
// question finds little left to take in.
const tendEvery = time.Second

// keepPanels keeps the panels of all brands up with the log while somebody asks, until
// ctx ends.
func (s *Server) keepPanels(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, b := range s.brands {
		wg.Go(func() { s.tendPanel(ctx, b) })
	}
	wg.Wait()
	return nil
}

func (s *Server) tendPanel(ctx context.Context, b *brand) {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	down := false
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		err := b.panel.Tend(ctx)
		if err != nil && !down && ctx.Err() == nil {
			s.log.Warn("keep panel up", "brand", b.ID, "error", err)
		}
		down = err != nil
	}
}

// measurePanels tells what panels take of memory. An instrument that cannot be made
// measures nothing.
func (s *Server) measurePanels() {
	meter := otel.Meter("github.com/rapport-cx/rapport/services/segmentation")
	gauge, _ := meter.Int64ObservableGauge("rapport.segmentation.panel_bytes", metric.WithUnit("By"),
		metric.WithDescription("Memory held by columns of persons."))
	s.measured, _ = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		var sum int64
		for _, b := range s.brands {
			sum += b.panel.Bytes()
		}
		o.ObserveInt64(gauge, sum)
		return nil
	}, gauge)
}

// closePanels ends what panels do. Nobody may ask any more.
func (s *Server) closePanels() error {
	for _, b := range s.brands {
		b.panel.Close()
	}
	if s.measured == nil {
		return nil
	}
	return s.measured.Unregister()
}

package demo

import surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"

// topic is what a comment or a reason is about.
type topic int

const (
	queue topic = iota
	staff
	assortment
	prices
	cleanliness
	lateness
	courierman
	packing
	missing
	notice
	waiting
	app
)

var topicOf = map[topic]struct{ id, ru, en string }{
	queue:       {"queue", "Долго на кассе", "Slow at the till"},
	staff:       {"staff", "Сотрудники", "The staff"},
	assortment:  {"assortment", "Не было нужного товара", "Goods out of stock"},
	prices:      {"prices", "Цены или ценники", "Prices or price tags"},
	cleanliness: {"cleanliness", "Чистота и порядок", "Cleanliness and order"},
	lateness:    {"late", "Привезли не вовремя", "It came late"},
	courierman:  {"courier", "Курьер", "The courier"},
	packing:     {"packing", "Упаковка или качество товара", "Packing or quality of goods"},
	missing:     {"missing", "Привезли не всё", "Something was missing"},
	notice:      {"notice", "Не предупредили", "Nobody told me"},
	waiting:     {"waiting", "Долго ждать выдачи", "Long wait at the desk"},
	app:         {"app", "Приложение", "The app"},
}

// The topics of each survey. Lateness stands first among those of a delivery.
var (
	visitTopics    = []topic{queue, staff, assortment, prices, cleanliness}
	pickupTopics   = []topic{waiting, notice, staff, missing, app}
	deliveryTopics = []topic{lateness, courierman, packing, missing, notice, app}
)

func (t topic) id() string { return topicOf[t].id }

func reasonsOf(topics []topic) []*surveyv1.Option {
	out := make([]*surveyv1.Option, len(topics))
	for i, t := range topics {
		out[i] = &surveyv1.Option{Id: t.id(), Text: text(topicOf[t].ru, topicOf[t].en)}
	}
	return out
}

package demo

import (
	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
)

// MapID is the journey map of the chain.
const MapID = "customer"

// touchpoint is the point of the map where an experience took place.
func (e *experience) touchpoint() string {
	switch e.channel.id {
	case commonv1.Channel_CHANNEL_EXPRESS:
		return "express"
	case commonv1.Channel_CHANNEL_COURIER:
		return "courier"
	case commonv1.Channel_CHANNEL_NEXT_DAY:
		return "next-day"
	case commonv1.Channel_CHANNEL_PICKUP:
		return "pickup"
	case commonv1.Channel_CHANNEL_PICKUP_POINT:
		return "pickup-point"
	case commonv1.Channel_CHANNEL_IN_STORE_ORDER:
		return "counter"
	}
	return "till"
}

// stop is one touchpoint in the table below.
type stop struct {
	id, ru, en string
	channel    commonv1.Channel
	metric     string
	owner      string
	emotion    int32
	kinds      []string
}

const (
	anywhere = commonv1.Channel_CHANNEL_UNSPECIFIED
	inApp    = commonv1.Channel_CHANNEL_APP
	inStore  = commonv1.Channel_CHANNEL_STORE
)

// stages of the map, in order.
var stages = []struct {
	id, ru, en, goal string
	stops            []stop
}{
	{"awareness", "Знакомство", "Awareness", "Узнать, что есть рядом и что сейчас выгодно", []stop{
		{"promo", "Акция", "Promotion", anywhere, "", "Маркетинг", 1, []string{"visit.app.promo", "visit.web.promo"}},
	}},
	{"choice", "Выбор", "Choice", "Быстро найти нужное и понять цену", []stop{
		{"catalog", "Каталог на экране", "Catalogue on a screen", anywhere, "", "Цифровые продукты", 1, []string{"visit.app.catalog", "visit.web.catalog"}},
		{"shelf", "Полка магазина", "Shelf of the store", inStore, "csi.assortment", "Категорийный менеджмент", 0, []string{kindVisitStore}},
	}},
	{"purchase", "Покупка", "Purchase", "Заплатить без очереди и ошибок", []stop{
		{"till", "Касса", "Till", inStore, "csi.queue", "Розница", -1, []string{kindPurchase}},
		{"counter", "Заказ с консультантом", "Order with a consultant", commonv1.Channel_CHANNEL_IN_STORE_ORDER, metricVisit, "Розница", 1, []string{kindPlaced}},
		{"basket", "Корзина", "Basket", anywhere, "", "Цифровые продукты", 0, []string{"visit.app.cart", "visit.web.cart"}},
		{"order", "Оформление заказа", "Placing the order", anywhere, "", "Цифровые продукты", 0, []string{kindPlaced}},
	}},
	{"delivery", "Получение", "Delivery", "Получить всё заказанное тогда, когда обещали", []stop{
		{"express", "Экспресс-доставка", "Express delivery", commonv1.Channel_CHANNEL_EXPRESS, metricDeliver, "Логистика", 0, []string{kindDelivered}},
		{"courier", "Курьер", "Courier", commonv1.Channel_CHANNEL_COURIER, metricDeliver, "Логистика", 1, []string{kindDelivered}},
		{"next-day", "Доставка на завтра", "Delivery on the next day", commonv1.Channel_CHANNEL_NEXT_DAY, metricDeliver, "Логистика", -1, []string{kindDelivered}},
		{"pickup", "Самовывоз из магазина", "Collecting in a store", commonv1.Channel_CHANNEL_PICKUP, metricPickup, "Розница", 1, []string{kindCollected}},
		{"pickup-point", "Пункт выдачи", "Pick-up point", commonv1.Channel_CHANNEL_PICKUP_POINT, metricPickup, "Логистика", 1, []string{kindCollected}},
	}},
	{"support", "Поддержка", "Support", "Решить вопрос с первого раза", []stop{
		{"call-center", "Звонок", "Call", commonv1.Channel_CHANNEL_CALL_CENTER, "", "Забота о клиентах", -1, []string{kindCall}},
		{"chat", "Чат", "Chat", inApp, "", "Забота о клиентах", 0, []string{kindChat}},
	}},
	{"return", "Возврат", "Return", "Вернуть деньги без объяснений", []stop{
		{"return-desk", "Стойка возврата", "Return desk", inStore, "", "Розница", -1, []string{kindReturn}},
	}},
}

// Map is the journey of the chain's customers.
func Map() *journeyv1.JourneyMap {
	content := &journeyv1.MapContent{
		Titles:   titles("Путь покупателя", "Journey of a customer"),
		TimeAxis: []string{"до покупки", "выбор", "покупка", "получение", "после", "потом"},
	}
	for i, st := range stages {
		out := &journeyv1.Stage{Id: st.id, Titles: titles(st.ru, st.en), Goal: st.goal}
		for _, s := range st.stops {
			out.Touchpoints = append(out.Touchpoints, &journeyv1.Touchpoint{
				Id: s.id, Titles: titles(s.ru, s.en), Channel: s.channel, EventKinds: s.kinds, Metric: s.metric,
				Owner: s.owner, Emotion: s.emotion, At: int32(i), Offline: s.channel != inApp && s.channel != anywhere,
			})
		}
		content.Stages = append(content.Stages, out)
	}
	return &journeyv1.JourneyMap{Id: MapID, Draft: content}
}

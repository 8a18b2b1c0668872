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
	kind       string
	metric     string
	owner      string
	emotion    int32
}

const (
	anywhere = commonv1.Channel_CHANNEL_UNSPECIFIED
	inApp    = commonv1.Channel_CHANNEL_APP
	onSite   = commonv1.Channel_CHANNEL_WEB
	inStore  = commonv1.Channel_CHANNEL_STORE
)

// stages of the map, in order.
var stages = []struct {
	id, ru, en, goal string
	stops            []stop
}{
	{"awareness", "Знакомство", "Awareness", "Узнать, что есть рядом и что сейчас выгодно", []stop{
		{"promo-app", "Акция в приложении", "Promotion in the app", inApp, "visit.app.promo", "", "Маркетинг", 1},
		{"promo-site", "Акция на сайте", "Promotion on the site", onSite, "visit.web.promo", "", "Маркетинг", 0},
	}},
	{"choice", "Выбор", "Choice", "Быстро найти нужное и понять цену", []stop{
		{"catalog-app", "Каталог в приложении", "Catalogue in the app", inApp, "visit.app.catalog", "", "Цифровые продукты", 1},
		{"catalog-site", "Каталог на сайте", "Catalogue on the site", onSite, "visit.web.catalog", "", "Цифровые продукты", 0},
		{"shelf", "Полка магазина", "Shelf of the store", inStore, kindVisitStore, "csi.assortment", "Категорийный менеджмент", 0},
	}},
	{"purchase", "Покупка", "Purchase", "Заплатить без очереди и ошибок", []stop{
		{"till", "Касса", "Till", inStore, kindPurchase, "csi.queue", "Розница", -1},
		{"counter", "Заказ с консультантом", "Order with a consultant", commonv1.Channel_CHANNEL_IN_STORE_ORDER, kindPlaced, metricVisit, "Розница", 1},
		{"basket-app", "Корзина в приложении", "Basket in the app", inApp, "visit.app.cart", "", "Цифровые продукты", 0},
		{"basket-site", "Корзина на сайте", "Basket on the site", onSite, "visit.web.cart", "", "Цифровые продукты", 0},
		{"order", "Оформление заказа", "Placing the order", anywhere, kindPlaced, "", "Цифровые продукты", 0},
	}},
	{"delivery", "Получение", "Delivery", "Получить всё заказанное тогда, когда обещали", []stop{
		{"express", "Экспресс-доставка", "Express delivery", commonv1.Channel_CHANNEL_EXPRESS, kindDelivered, metricDeliver, "Логистика", 0},
		{"courier", "Курьер", "Courier", commonv1.Channel_CHANNEL_COURIER, kindDelivered, metricDeliver, "Логистика", 1},
		{"next-day", "Доставка на завтра", "Delivery on the next day", commonv1.Channel_CHANNEL_NEXT_DAY, kindDelivered, metricDeliver, "Логистика", -1},
		{"pickup", "Самовывоз из магазина", "Collecting in a store", commonv1.Channel_CHANNEL_PICKUP, kindCollected, metricPickup, "Розница", 1},
		{"pickup-point", "Пункт выдачи", "Pick-up point", commonv1.Channel_CHANNEL_PICKUP_POINT, kindCollected, metricPickup, "Логистика", 1},
	}},
	{"support", "Поддержка", "Support", "Решить вопрос с первого раза", []stop{
		{"call-center", "Звонок", "Call", commonv1.Channel_CHANNEL_CALL_CENTER, kindCall, "", "Забота о клиентах", -1},
		{"chat", "Чат", "Chat", inApp, kindChat, "", "Забота о клиентах", 0},
	}},
	{"return", "Возврат", "Return", "Вернуть деньги без объяснений", []stop{
		{"return-desk", "Стойка возврата", "Return desk", inStore, kindReturn, "", "Розница", -1},
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
				Id: s.id, Titles: titles(s.ru, s.en), Channel: s.channel, EventKinds: []string{s.kind}, Metric: s.metric,
				Owner: s.owner, Emotion: s.emotion, At: int32(i), Offline: s.channel != inApp && s.channel != onSite && s.channel != anywhere,
			})
		}
		content.Stages = append(content.Stages, out)
	}
	return &journeyv1.JourneyMap{Id: MapID, Draft: content}
}

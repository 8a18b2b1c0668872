package demo

import journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"

// Kinds of events.
const (
	kindVisit             = "visit."
	kindVisitStore        = "visit.store"
	kindPurchase          = "purchase"
	kindReturn            = "return"
	kindCall              = "contact.call"
	kindChat              = "contact.chat"
	kindPlaced            = "order.placed"
	kindApproved          = "order.approved"
	kindShipped           = "order.shipped"
	kindReady             = "order.ready"
	kindDelivered         = "order.delivered"
	kindCollected         = "order.collected"
	kindPartial           = "order.partial"
	kindMissorted         = "order.missorted"
	kindFailed            = "order.failed"
	kindCancelledShop     = "order.cancelled.shop"
	kindCancelledCustomer = "order.cancelled.customer"
	kindNotCollected      = "order.not_collected"
)

// Kinds are the names of the kinds for people.
func Kinds() []*journeyv1.EventKind {
	var out []*journeyv1.EventKind
	for _, k := range [][3]string{
		{kindVisitStore, "Пришёл в магазин", "Came to a store"},
		{"visit.app.promo", "Открыл акцию в приложении", "Opened a promotion in the app"},
		{"visit.app.catalog", "Смотрел товары в приложении", "Looked at goods in the app"},
		{"visit.app.cart", "Собрал корзину в приложении", "Filled a basket in the app"},
		{"visit.web.promo", "Открыл акцию на сайте", "Opened a promotion on the site"},
		{"visit.web.catalog", "Смотрел товары на сайте", "Looked at goods on the site"},
		{"visit.web.cart", "Собрал корзину на сайте", "Filled a basket on the site"},
		{kindPurchase, "Покупка", "Purchase"},
		{kindReturn, "Возврат", "Return"},
		{kindCall, "Звонок в поддержку", "Call to support"},
		{kindChat, "Чат с поддержкой", "Chat with support"},
		{kindPlaced, "Заказ оформлен", "Order placed"},
		{kindApproved, "Заказ подтверждён", "Order approved"},
		{kindShipped, "Заказ отправлен", "Order shipped"},
		{kindReady, "Заказ ждёт выдачи", "Order ready"},
		{kindDelivered, "Заказ доставлен", "Order delivered"},
		{kindCollected, "Заказ получен", "Order collected"},
		{kindPartial, "Привезли не всё", "Something was missing"},
		{kindMissorted, "Привезли не то", "Something was wrong"},
		{kindFailed, "Доставка не удалась", "Delivery failed"},
		{kindCancelledShop, "Отменён магазином", "Cancelled by the shop"},
		{kindCancelledCustomer, "Отменён покупателем", "Cancelled by the customer"},
		{kindNotCollected, "Не забрали", "Not collected"},
	} {
		out = append(out, &journeyv1.EventKind{Kind: k[0], Titles: titles(k[1], k[2])})
	}
	return out
}

func titles(ru, en string) map[string]string { return map[string]string{"ru": ru, "en": en} }

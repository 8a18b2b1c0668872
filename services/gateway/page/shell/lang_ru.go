package shell

import (
	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// Russian is the language.
var Russian = Lang{
	Code:         "ru",
	Name:         "Русский",
	decimal:      ",",
	groups:       "\u00a0",
	months:       [12]string{"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"},
	monthsShort:  [12]string{"янв.", "февр.", "март", "апр.", "май", "июнь", "июль", "авг.", "сент.", "окт.", "нояб.", "дек."},
	dayMonth:     "{d} {m}",
	dayMonthYear: "{d} {m} {y}",
	monthYear:    "{m} {y}",
	plural: func(n int64) int {
		switch {
		case n%10 == 1 && n%100 != 11:
			return 0
		case n%10 >= 2 && n%10 <= 4 && (n%100 < 12 || n%100 > 14):
			return 1
		}
		return 2
	},
	answer:        []string{"ответ", "ответа", "ответов"},
	Title:         "Клиентский опыт",
	Problem:       "Эту страницу показать нельзя",
	Back:          "Ко всему бренду",
	Brands:        "Бренд",
	LanguageWord:  "Язык",
	AsOf:          "По состоянию на %s",
	SectionFailed: "Этот раздел сейчас не показать: %s. Остальная страница полна.",
	NoAnswers:     "нет ответов",
	Points:        "п.",
	Shares:        "п. п.",
	Show:          "Показать",
	Period:        "Период",
	Permalink:     "Ссылка на эти даты",
	Numbers:       "Числа",
	Value:         "Значение",
	channels: map[commonv1.Channel]string{
		commonv1.Channel_CHANNEL_UNSPECIFIED: "Не указан", commonv1.Channel_CHANNEL_STORE: "Магазин",
		commonv1.Channel_CHANNEL_IN_STORE_ORDER: "Заказ в магазине", commonv1.Channel_CHANNEL_PICKUP: "Самовывоз",
		commonv1.Channel_CHANNEL_EXPRESS: "Экспресс-доставка", commonv1.Channel_CHANNEL_COURIER: "Курьер",
		commonv1.Channel_CHANNEL_NEXT_DAY: "На следующий день", commonv1.Channel_CHANNEL_PICKUP_POINT: "Пункт выдачи",
		commonv1.Channel_CHANNEL_WEB: "Сайт", commonv1.Channel_CHANNEL_APP: "Приложение",
		commonv1.Channel_CHANNEL_MARKETPLACE: "Маркетплейс", commonv1.Channel_CHANNEL_CALL_CENTER: "Колл-центр",
	},
	metrics: map[surveyv1.MetricKind]string{
		surveyv1.MetricKind_METRIC_KIND_NPS: "NPS", surveyv1.MetricKind_METRIC_KIND_CSAT: "CSAT: доля положительных ответов",
		surveyv1.MetricKind_METRIC_KIND_CES: "CES: лёгкость от 1 до 7", surveyv1.MetricKind_METRIC_KIND_CSI_ITEM: "CSI: важность × удовлетворённость",
		surveyv1.MetricKind_METRIC_KIND_RATING: "Средняя оценка", surveyv1.MetricKind_METRIC_KIND_LOW_SHARE: "Доля анкет с низкой оценкой",
		surveyv1.MetricKind_METRIC_KIND_CSI_OVERALL: "CSI: среднее по параметрам",
	},
	faults: map[string]string{
		"Unavailable": "служба недоступна", "DeadlineExceeded": "слишком долго", "ResourceExhausted": "слишком много запросов сразу",
		"PermissionDenied": "нет доступа", "Unauthenticated": "сначала войдите", "Unimplemented": "ещё не построено",
		"InvalidArgument": "адрес страницы с ошибкой", "NotFound": "такого нет", "": "внутренняя ошибка",
	},
	Overview:    "Обзор",
	Pages:       "Страницы",
	NotDeployed: "%s не входит в эту установку: его данные здесь не показать.",
	NotHere:     "%s не входит в эту установку",
	CSVLink:     "Скачать CSV",
	Newest:      "К началу",
	Next:        "Дальше",
	Scroll:      "можно прокрутить",
	Yes:         "да",
	No:          "нет",
	Customers:   "Клиенты",
	SkipWord:    "К содержанию",
	ThisView:    "Ссылка на этот вид",
	Menu:        "Страницы",
	Live:        "Обновляется",
	LiveOff:     "Связь потеряна, восстанавливаем…",
	headings:    map[Group]string{Experience: "Опыт", Work: "В работе", People: "Клиенты", Loyalty: "Лояльность", Paths: "Пути"},
	lowShare:    "Низкие оценки",
}

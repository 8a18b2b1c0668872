package page

import (
	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

var russian = words{
	Code: "ru", Name: "Русский", decimal: ",", groups: "\u00a0",
	months:      [12]string{"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"},
	monthsShort: [12]string{"янв.", "февр.", "март", "апр.", "май", "июнь", "июль", "авг.", "сент.", "окт.", "нояб.", "дек."},
	dayMonth:    "{d} {m}", dayMonthYear: "{d} {m} {y}", monthYear: "{m} {y}",
	plural: func(n int64) int {
		switch {
		case n%10 == 1 && n%100 != 11:
			return 0
		case n%10 >= 2 && n%10 <= 4 && (n%100 < 12 || n%100 > 14):
			return 1
		}
		return 2
	},
	answer: []string{"ответ", "ответа", "ответов"},

	Title: "Клиентский опыт", Search: "Найти магазин, продавца, регион…", Find: "Найти",
	Metrics: "Показатель", Period: "Период",
	NoJS: "Обновите страницу, чтобы увидеть новые ответы.", Live: "В эфире", LiveOff: "Связь потеряна, восстанавливаем…",
	Found: "Найдено по запросу «%s»", FoundNone: "По запросу «%s» ничего не найдено.", Problem: "Эту страницу показать нельзя", Back: "Ко всему бренду",
	Brands: "Бренд", LanguageWord: "Язык", AsOf: "По состоянию на %s", Permalink: "Ссылка на эти даты", Numbers: "Числа",
	SectionFailed: "Этот раздел сейчас не показать: %s. Остальная страница полна.", NoAnswers: "нет ответов", More: "ещё %d",

	Week: "Неделя", Month: "30 дней", Quarter: "90 дней", Year: "Год", All: "Всё",
	WeekLong: "7 дней", MonthLong: "30 дней", QuarterLong: "90 дней", YearLong: "365 дней", AllLong: "За всё время", Dates: "Даты",
	Stale:      "За последние %s ответов нет.",
	StaleDates: "Показаны последние %s, в которых они есть, по %s.",
	NoneEver:   "Ответов пока нет.", DateFrom: "с", DateTo: "по", Show: "Показать",
	BeforeWeek: "предыдущие 7 дней", BeforeMonth: "предыдущие 30 дней", BeforeQuarter: "предыдущие 90 дней",
	BeforeYear: "предыдущие 365 дней", BeforeDates: "предыдущий период той же длины",

	Score: "Оценка", Trend: "Динамика", Channels: "По каналам", Distribution: "Как отвечали", Ranking: "Лучшие и худшие",
	Places: "Внутри", Comments: "Что говорят люди", Cases: "Кому перезвонить",

	Interval: "95\u00a0%%-й интервал %s … %s", NoInterval: "для интервала мало ответов", OfScale: "из %d", Weighted: "взвешено по важности: %s",
	Promoters: "промоутеры", Passives: "нейтралы", Detractors: "критики", Positive: "положительные", Low: "низкие",
	GoodNPS: "хорошо", GreatNPS: "отлично", Retail: "онлайн-торговля", EasyCES: "ниже — проблема",
	IsChange:      "Это изменение?",
	ChangeUp:      "Да: на %s выше, чем за %s, — случайностью это не объяснить.",
	ChangeDown:    "Да: на %s ниже, чем за %s, — случайностью это не объяснить.",
	ChangeNone:    "Нет: разница %s с оценкой за %s в пределах случайной.",
	ChangeEqual:   "Нет: столько же, сколько за %s.",
	NoComparison:  "Выберите период, чтобы сравнить его с предыдущим.",
	NothingBefore: "Сказать нельзя: за %s ответов нет.", NothingNow: "Сказать нельзя: за этот период ответов нет.",
	Before: "было: %s", Points: "п.", Shares: "п. п.",
	TrendRolled: "Каждая точка — итог за 7 дней по этот день: за один день ответов слишком мало.",
	TrendHint:   "Полоса — 95 %-й интервал; где линия прервана, ответов не было.",
	DotTitle:    "%s: %s (%s), n = %s", Column: "%s: %s (%s %%)", From: "Период", To: "по", Value: "Значение",

	Best: "Лучшие", Worst: "Худшие", Ranked: "в рейтинге %s, по осторожному краю интервала", Unranked: "не вошли %s, где меньше %d ответов",
	RankOf: "Место %d из %d", RankSpan: "возможно, %d–%d", NotRanked: "Без места: за этот период ответов нет.",
	AllRanks: "Весь рейтинг", FewRanks: "Только лучшие и худшие", NothingRanked: "За этот период сравнивать нечего.",
	MorePlaces: "и ещё %d: воспользуйтесь поиском",
	OnlyLow:    "Только низкие оценки", AllComments: "Все комментарии", LowMark: "низкая оценка", NoComments: "За этот период комментариев нет.",
	OpenCases: "ждут", ClaimedCases: "в работе", OverdueCases: "просрочено", NoCases: "Никто не ждёт звонка.",
	Due: "срок: %s", Overdue: "просрочено с %s", Queue: "очередь", Claimed: "в работе: %s", Marked: "оценка %d",

	channels: map[commonv1.Channel]string{
		commonv1.Channel_CHANNEL_UNSPECIFIED: "Не указан", commonv1.Channel_CHANNEL_STORE: "Магазин",
		commonv1.Channel_CHANNEL_IN_STORE_ORDER: "Заказ в магазине", commonv1.Channel_CHANNEL_PICKUP: "Самовывоз",
		commonv1.Channel_CHANNEL_EXPRESS: "Экспресс-доставка", commonv1.Channel_CHANNEL_COURIER: "Курьер",
		commonv1.Channel_CHANNEL_NEXT_DAY: "На следующий день", commonv1.Channel_CHANNEL_PICKUP_POINT: "Пункт выдачи",
		commonv1.Channel_CHANNEL_WEB: "Сайт", commonv1.Channel_CHANNEL_APP: "Приложение",
		commonv1.Channel_CHANNEL_MARKETPLACE: "Маркетплейс", commonv1.Channel_CHANNEL_CALL_CENTER: "Колл-центр",
	},
	kinds: map[commonv1.SubjectKind]string{
		commonv1.SubjectKind_SUBJECT_KIND_NETWORK: "сеть", commonv1.SubjectKind_SUBJECT_KIND_REGION: "регион",
		commonv1.SubjectKind_SUBJECT_KIND_STORE: "магазин", commonv1.SubjectKind_SUBJECT_KIND_PICKUP_POINT: "пункт выдачи",
		commonv1.SubjectKind_SUBJECT_KIND_COURIER: "курьер", commonv1.SubjectKind_SUBJECT_KIND_SELLER: "продавец",
		commonv1.SubjectKind_SUBJECT_KIND_BUYER: "покупатель", commonv1.SubjectKind_SUBJECT_KIND_PRODUCT: "товар",
		commonv1.SubjectKind_SUBJECT_KIND_TOUCHPOINT: "точка контакта", commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE: "сотрудник",
	},
	byKinds: map[commonv1.SubjectKind]string{
		commonv1.SubjectKind_SUBJECT_KIND_NETWORK: "Сети", commonv1.SubjectKind_SUBJECT_KIND_REGION: "Регионы",
		commonv1.SubjectKind_SUBJECT_KIND_STORE: "Магазины", commonv1.SubjectKind_SUBJECT_KIND_PICKUP_POINT: "Пункты выдачи",
		commonv1.SubjectKind_SUBJECT_KIND_COURIER: "Курьеры", commonv1.SubjectKind_SUBJECT_KIND_SELLER: "Продавцы",
		commonv1.SubjectKind_SUBJECT_KIND_BUYER: "Покупатели", commonv1.SubjectKind_SUBJECT_KIND_PRODUCT: "Товары",
		commonv1.SubjectKind_SUBJECT_KIND_TOUCHPOINT: "Точки контакта", commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE: "Сотрудники",
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
	lowShare: "Низкие оценки",

	journeyWords: russianJourneys,
}

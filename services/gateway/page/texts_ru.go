package page

import (
	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

var russian = words{
	Lang: shell.Russian,

	Search: "Найти магазин, продавца, регион…", Find: "Найти",
	Metrics: "Показатель",
	NoJS:    "Обновите страницу, чтобы увидеть новые ответы.",
	Found:   "Найдено по запросу «%s»", FoundNone: "По запросу «%s» ничего не найдено.",

	More: "ещё %d",

	Week: "Неделя", Month: "30 дней", Quarter: "90 дней", Year: "Год", All: "Всё",
	WeekLong: "7 дней", MonthLong: "30 дней", QuarterLong: "90 дней", YearLong: "365 дней", AllLong: "За всё время", Dates: "Даты",
	Stale:      "За последние %s ответов нет.",
	StaleDates: "Показаны последние %s, в которых они есть, по %s.",
	NoneEver:   "Ответов пока нет.", DateFrom: "с", DateTo: "по",
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
	Before:      "было: %s",
	TrendRolled: "Каждая точка — итог за 7 дней по этот день: за один день ответов слишком мало.",
	TrendHint:   "Полоса — 95 %-й интервал; где линия прервана, ответов не было.",
	DotTitle:    "%s: %s (%s), n = %s", Column: "%s: %s (%s %%)", From: "Период", To: "по",

	Best: "Лучшие", Worst: "Худшие", Ranked: "в рейтинге %s, по осторожному краю интервала", Unranked: "не вошли %s, где меньше %d ответов",
	RankOf: "Место %d из %d", RankSpan: "возможно, %d–%d", NotRanked: "Без места: за этот период ответов нет.",
	AllRanks: "Весь рейтинг", FewRanks: "Только лучшие и худшие", NothingRanked: "За этот период сравнивать нечего.",
	MorePlaces: "и ещё %d: воспользуйтесь поиском",
	OnlyLow:    "Только низкие оценки", AllComments: "Все комментарии", LowMark: "низкая оценка", NoComments: "За этот период комментариев нет.",
	OpenCases: "ждут", ClaimedCases: "в работе", OverdueCases: "просрочено", NoCases: "Никто не ждёт звонка.",
	Due: "срок: %s", Overdue: "просрочено с %s", Queue: "очередь", Claimed: "в работе: %s", Marked: "оценка %d",

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

	journeyWords: russianJourneys,
	wholeWords:   russianWhole,
}

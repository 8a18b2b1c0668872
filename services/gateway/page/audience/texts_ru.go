package audience

import (
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

var russian = words{
	Lang:   shell.Russian,
	person: []string{"человек", "человека", "человек"}, purchase: []string{"покупка", "покупки", "покупок"},

	Segments: "Сегменты", Panel: "Панель", Migration: "Миграция", Drivers: "Драйверы", NewSegment: "Новый сегмент",
	Interval: "95\u00a0%%-й интервал %s … %s", NoInterval: "для интервала мало ответов", NotKnown: "неизвестно", InDays: "%s дн.",
	LastScore: "Последняя оценка: %s", Everything: "любое", Below: "меньше %s", AtLeast: "%s и больше", FromBelow: "от %s, меньше %s",
	InSegment: "Сегмент: %s", Few: "мало", Rest: "Остальные", ChosenHead: "Выбранные",
	AverageCheck: "Средний чек", Lifetime: "Пожизненная ценность", PerYear: "Покупок в год", BuyersShare: "Что-то купили",
	NoData: "Покупателей пока нет. Загрузите: rapport import customers --mapping ФАЙЛ --dir ПАПКА",

	Chosen: "Кто", Standing: "Что говорят и чего стоят", Portrait: "Портрет", OfAll: "%s из %s", Margin: "±%s п. п. для доли 50\u00a0%%",
	TooFew:    "Меньше 100 человек: выводов не делайте. Нужно 100–150.",
	Everybody: "Все. Щёлкните по полосе ниже, чтобы выбрать.", Clear: "Сбросить всё", Except: "кроме", Only: "только", Remove: "убрать",
	AddSegment: "Сегмент", AddField: "Показать поле", ChooseMetrics: "Показатели", Add: "Добавить", WithRest: "Сравнить с остальными", WithoutRest: "Без остальных",
	SaveAs: "Сохранить как сегмент", ScoreMissing: "Здесь нет показателя «%s»: %s",
	UnknownCount: "неизвестно: %s", OtherCount: "другие значения: %s", HiddenCount: "не показаны значения %s: группы меньше 5", MeanHead: "среднее", RestMean: "у остальных %s",
	ValueHead: "Значение", PanelHint: "Щелчок по значению выбирает его, второй — убирает. Тонкая полоса — остальные, черта — 95 %-й интервал.",
	Conditions: "Условия", OverYear: "Покупки за последние 365 дней", MetricHead: "Показатель", Refine: "Уточнить", Mostly: "Чаще всего", MoreValues: "ещё значений: %s",

	Members: "Участники", Moved: "За 7 дней", RuleHead: "Как задан", SinceHead: "С", VersionHead: "Версия", StateHead: "Состояние", Archived: "в архиве",
	NoSegments: "Сегментов пока нет. Создайте по готовому правилу или из панели.", RolledTo: "Дни учтены по",
	RuleList: "список", RuleAlgebra: "другие сегменты", RuleTemplate: "готовое правило", RuleExpression: "выражение", WhoIsIn: "Кто входит",
	Moves: "Движение за %d дней", NoPast: "Эта версия сегмента для этого слишком молода.", AndMore: "и ещё %s",
	Worth: "Чего стоят", BuyersHead: "Покупателей", Entered: "Вошли", Left: "Вышли", ToPanel: "В панели", ToDrivers: "Что движет их оценкой", ToMigration: "Кто пришёл и ушёл",
	MonthHead: "Месяц", RetentionHead: "Удержание", ChurnHead: "Отток",
	Templates: "Готовые правила", ExpressionHead: "Выражение", Preview: "Посмотреть", Save: "Сохранить сегмент", IDHead: "Код", TitleHead: "Название",
	FoundPersons: "Вошли бы %s", Sample: "Некоторые из них", FieldsOf: "Какие поля есть", NotValid: "Так не получится: %s",
	IDHint: "строчные латинские буквы, цифры, - и _",

	Grid: "Давность × частота", Cuts: "Границы", Runs: "Расчёты", NoRuns: "RFM ещё не рассчитан. Рассчитайте: rapport rfm compute --brand БРЕНД",
	RunOf: "По %s, %s", ByPersons: "Люди", ByMoney: "Деньги", Recency: "R: дней с последней покупки", Frequency: "F: покупок", Monetary: "M: потрачено",
	GridHint: "R5 — купили недавно, F5 — покупают часто. Щелчок откроет панель ячейки по последнему расчёту.", CutHint: "Балл — на 1 больше числа границ, которые значение превысило; дней чем меньше, тем лучше.",
	Between: "Между чем", Matrix: "Кто куда перешёл", OverHead: "Состояния", FromHead: "С", ToHead: "По", ChooseSegments: "Выберите сегменты; человек относится к первому подходящему.",
	NewOnes: "новые", Gone: "ушли", InNone: "ни в одном", Total: "Всего", Largest: "Самые большие переходы", UnitsHead: "Людей",
	MatrixHint: "Строки — где люди были, столбцы — где они теперь; доли от строки. Ячейки в рамке — остались на месте.",

	WhichScore: "Какая оценка", NoDrivers: "За это время нет анкет, где есть и оценка, и её параметры.",
	ExplainedBy: "Все параметры вместе объясняют %s разброса, по %s полным анкетам.", Derived: "Важность вычисленная", Stated: "Важность названная",
	Satisfaction: "Удовлетворённость", OwnShare: "Своя доля", WhatToDo: "Что делать",
	DriverHint: "Выше — важнее, правее — лучше сделано; линии — средние. Корреляция говорит, где искать, а не почему.",
	MetricWord: "Показатель", SegmentWord: "Сегмент", AllPersons: "все",

	spans: map[string]string{"all": "За всё время", "365": "Год", "90": "90 дней", "30": "30 дней", "7": "Неделя"},
	fields: map[string]string{
		"customer.created_day": "Известен с", "customer.numbers": "Номеров покупателя", "purchases.first_day": "Первая покупка", "purchases.last_day": "Последняя покупка",
		"purchases.days_since_last": "Дней с последней покупки", "purchases.weeks_in_row": "Недель подряд с покупкой",
		"visits.last_day": "Последний визит", "visits.days_since_last": "Дней с последнего визита", "visits.count": "Визиты",
		"rfm.recency": "RFM: давность", "rfm.frequency": "RFM: частота", "rfm.monetary": "RFM: деньги",
		"purchases.count": "Покупки", "purchases.spent": "Потрачено", "purchases.average_check": "Средний чек", "purchases.categories": "Какие категории покупали",
		"purchases.category_count": "Сколько категорий", "purchases.channels": "Как покупают", "purchases.channel_count": "Сколько каналов",
		"purchases.occasions": "Поводы", "purchases.occasion_count": "Сколько поводов", "returns.count": "Возвраты", "returns.spent": "Возвращено денег",
	},
	overs: map[string]string{
		"recency": "RFM: давность", "frequency": "RFM: частота", "monetary": "RFM: деньги", "rf": "RFM: давность и частота",
		"segments": "Сегменты", "occasions": "Поводы покупок",
	},
	quadrants: map[surveyv1.Driver_Quadrant]string{
		surveyv1.Driver_QUADRANT_UNSPECIFIED: "мало ответов", surveyv1.Driver_QUADRANT_MEND: "чинить первым", surveyv1.Driver_QUADRANT_KEEP: "сохранять",
		surveyv1.Driver_QUADRANT_WATCH: "следить", surveyv1.Driver_QUADRANT_EASE: "возможно, лишнее",
	},
}

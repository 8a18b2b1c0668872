package board

import (
	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

var russian = words{
	Lang: shell.Russian,

	Omnichannel: "Все каналы", League: "Рейтинги", Scorecard: "Карточка показателей", Cases: "Обращения",
	Dates: "Даты", DateFrom: "с", DateTo: "по", AllTime: "Всё время",
	Choose: "Кого сравниваем", Everywhere: "Везде", AllAlike: "Все", Any: "Любая",
	Kind: "Вид", Metric: "Показатель", Region: "Где", Label: "Равные с равными", MinN: "Ответов не меньше", Apply: "Применить",
	NameHead: "Название", ValueHead: "Значение", IntervalHead: "Интервал 95 %",
	ChangeHead: "Дни до этого", YearHead: "Год назад", GoalHead: "Цель",

	OfScale: "из %d", NoInterval: "интервала нет", Worth: "%s: %s (%s), n = %s", Few: "мало ответов: только намёк",
	Suppressed: "слишком мало людей, чтобы показать", OutOf: "%s из %s",
	Goal: "цель %s", GoalMet: "достигнута", GoalShort: "не хватает %s", Benchmark: "у других: %s", OfWeighted: "(взвешенный здесь: %s)",
	BeyondChance: "больше, чем случайность", WithinChance: "в пределах случайности", NothingThen: "сравнить не с чем",
	Then: "тогда %s, n = %s", BeforeDays: "к дням до этого", YearBefore: "к тому же времени год назад",
	Lost:    "Чего не хватает",
	Figures: "Главное", ByChannel: "Канал за каналом", Matrix: "Всё по каналам", Parameters: "Параметры",
	Rates: "Доли", OffNorm: "Почему заказы вышли за норму", PartsTitle: "Насколько это свежо", PartHead: "Раздел", StateHead: "Состояние",
	FreshHead: "Посчитано на", NothingHere: "В эти дни никто не отвечал.", SeeAll: "Показать всё время", Total: "Все каналы",
	ResponsesHead: "Анкеты", OrdersHead: "Заказы", ChannelHead: "Канал", ReasonHead: "Причина",
	ShareHead: "Доля", MatrixNote: "Под каждым значением — его интервал 95 % и n.", ComparedNote: "Полоса — интервал 95 %, на одной оси для всех каналов.",
	Tier: "Группа %d", TierNote: "Тех, кто в одной группе, нельзя отличить от её лидера. Место — диапазон, который допускают интервалы.",
	PlaceHead: "Место", Ranked: "в рейтинге %s, по осторожному концу интервала", Unranked: "%s с числом ответов меньше %d не вошли",
	NothingRanked: "В эти дни ни у кого не набралось ответов для рейтинга.",
	RankTitle:     "Среди равных", RankOf: "Место %s из %d", RankSpan: "интервалы допускают места с %d по %d",
	NotRanked: "Места пока нет: ответов меньше %d.", PeersBy: "Те же %s", WholeTable: "Весь рейтинг",
	MainScore: "Оценка", Today: "Сегодня", DaysOf: "%d дней", Rolling: "Во времени, каждая точка за %d дней",
	RollingHint: "Каждая точка — %d дней, которые ею кончаются; полоса — интервал 95 %%.",
	Gaps:        "Чем отличается от равных", GapsNote: "Сначала самый большой отрыв вниз.", PeersHead: "Равные", GapHead: "Отрыв",
	AllScores: "Все оценки", Comments: "Новые комментарии", NoComments: "Никто ничего не написал.", OpenCases: "Ждут звонка",
	OldPage: "Ответы во времени", NumbersOf: "Числа", From: "День",

	ByItself: "Получать регулярно", AskHere: "Спросить об этом клиентов", AsHeat: "Тепловой картой", AsLeague: "Рейтингом",

	Heat: "Тепловая карта", HeatChoose: "Что сравниваем", HeatTitle: "%s по параметрам", HeatWhole: "Интервалы и места", HeatOneClass: "Все одного класса",
	HeatNoClass: "Без %s: сравнить не с кем", HeatTogether: "Все вместе", HeatUnranked: "Не в рейтинге: меньше %d ответов", HeatGap: "%s к своему классу",
	HeatPlace: "место %s", HeatPlaces: "места с %d по %d", HeatOrder: "Упорядочить: %s", HeatShown: "показано %s из %s",
	HeatLost: "Без того, чего не хватает, карты не построить.", HeatNothing: "В эти дни ни о ком из них не отвечали.", HeatColumns: "Параметры (ни одного: все, о которых отвечали)",
	HeatNote: "Строки разбиты на группы по выбранному столбцу: тех, кто в одной группе, нельзя отличить от её лидера. Знак говорит, как ячейка смотрится рядом с другими своего класса (95 %).",

	QueueTitle: "Как дела в очередях", FilterTitle: "Какие обращения", CasesTitle: "Кому перезвонить", OpenWord: "открыто", ClaimedWord: "в работе", OverdueWord: "просрочено",
	ResolvedWord: "решено за 30 дней", AverageWord: "на решение, в рабочих часах", QueueHead: "Очередь", Mine: "Мои", OverdueOnly: "Просроченные",
	WhoAreYou: "Чтобы увидеть свои, представьтесь.",
	YourName:  "Ваше имя", NameHint: "Коллеги видят его рядом с тем, что вы делаете.", Keep: "Дальше",
	NoCases: "Таких обращений нет: звонка никто не ждёт.", Left: "осталось %s", LateBy: "опоздание %s", Marked: "оценка %d", Minutes: "%d мин",
	Hours: "%s ч", DaysLong: "%s дн.", CaseOf: "Обращение %s", CaseTitle: "Обращение", AnswersTitle: "Что сказал клиент", WorkTitle: "Что сделать",
	NotesTitle: "Что уже было", CauseHead: "Повод", DueHead: "Срок", SubjectHead: "О чём", CustomerOf: "Клиент %d", OpenedHead: "Открыто",
	ResolvedHead: "Решено", RootCauseHead: "Настоящая причина", ReopenedHead: "Открывали снова", AssigneeHead: "Работает", ScoreHead: "Оценка",
	ClaimWord: "Беру в работу", TakeWord: "Забрать себе", TakenBy: "В работе: %s.", NoteWord: "Записать заметку", NoteHint: "Заметка", CallWord: "Записать звонок", Called: "Звонок",
	OutcomeHead: "Чем кончился звонок", ResolveWord: "Решено", RootCauseHint: "В чём было дело на самом деле", DoneHint: "Что сделано", ReopenWord: "Открыть снова",
	ReopenWhy: "Почему открываем снова",
	Conflict:  "Не сделано: пока вы смотрели, обращение изменил кто-то другой. Вы видите его таким, какое оно сейчас; то, что вы написали, осталось в форме.",
	YouAre:    "Вы работаете как", Reset: "Сбросить фильтры", NoNotes: "Пока ничего.", OpenIt: "Открыть", AllOfThem: "Все обращения об этом", NobodyWaits: "Звонка никто не ждёт.",
	ZoneOf: "Время в зоне %s.", ResolveTitle: "Завершить", NameTitle: "Кто вы?", Change: "Это не вы?", CustomerHead: "Клиент", StatusHead: "Состояние", RequiredWord: "обязательно", MoreOf: "Ещё %d",
	Claimable: "пока никто", Still: "есть, нового нет уже %s",

	steps: []step{{"claimed, taken over from ", "Забирает себе у "}, {"claimed", "Берёт в работу"}, {"resolved: ", "Решено: "}, {"opened: ", "Открыто: "}},

	responses: []string{"анкета", "анкеты", "анкет"}, orders: []string{"заказ", "заказа", "заказов"},
	spans: map[string]string{"7": "Неделя", "30": "30 дней", "90": "90 дней", "365": "Год", "all": "Всё"},
	rateNames: map[string]string{
		"response_rate": "Доля ответивших", "success_index": "Заказы в норме", "contact_rate": "Обращений на чек",
		"redemption_rate": "Погашено баллов", "retention": "Удержано клиентов",
	},
	partNames: map[string]string{
		"scores": "Оценки", "responses": "Анкеты", "orders": "Заказы", "contacts": "Обращения в поддержку", "loyalty": "Лояльность", "retention": "Удержание",
		"subject": "Справочник", "trend": "Динамика", "rank": "Рейтинг", "gaps": "Отрыв от равных", "comments": "Комментарии", "cases": "Обращения",
		"subjects": "Справочник", "tiers": "Группы",
	},
	judgements: map[string]string{"excellent": "отлично", "good": "хорошо", "problem": "проблема"},
	reasons: map[string]string{
		"LATE": "опоздание", "PARTIAL": "неполный", "MISSORTED": "пересорт", "FAILED": "не доставлен", "CANCELLED_BY_SHOP": "отменён магазином",
	},
	caseStates: map[string]string{"waiting": "Все, кто ждёт", "open": "Открытые", "claimed": "В работе", "resolved": "Решённые"},
	outcomes: map[string]string{
		"reached": "дозвонились", "no_answer": "не ответили", "later": "просили перезвонить позже", "wrong_number": "неверный номер", "refused": "не хочет говорить",
	},
	unfilled: map[string]string{
		"who": "Не сделано: представьтесь.", "text": "Не сделано: заметка пуста.", "root_cause": "Не сделано: напишите, в чём было дело.",
		"note": "Не сделано: напишите почему.", "outcome": "Не сделано: укажите, чем кончился звонок.",
	},
	standings: map[reportv1.HeatCell_Standing]string{
		reportv1.HeatCell_STANDING_UNSPECIFIED: "", reportv1.HeatCell_STANDING_EMPTY: "никто не ответил", reportv1.HeatCell_STANDING_FEW: "меньше %d ответов: только намёк",
		reportv1.HeatCell_STANDING_ALIKE: "не отличить от других", reportv1.HeatCell_STANDING_BETTER: "лучше других",
		reportv1.HeatCell_STANDING_WORSE: "хуже других", reportv1.HeatCell_STANDING_HIDDEN: "слишком мало людей, чтобы показать",
	},
	states: map[reportv1.Section_Status]string{
		reportv1.Section_STATUS_UNSPECIFIED: "не известно", reportv1.Section_STATUS_OK: "есть", reportv1.Section_STATUS_MISSING: "опаздывает или недоступно",
		reportv1.Section_STATUS_FAILED: "ошибка", reportv1.Section_STATUS_ABSENT: "здесь не считается", reportv1.Section_STATUS_HIDDEN: "нет доступа",
	},
	stateOf: map[surveyv1.CaseState]string{
		surveyv1.CaseState_CASE_STATE_UNSPECIFIED: "любое", surveyv1.CaseState_CASE_STATE_OPEN: "открыто", surveyv1.CaseState_CASE_STATE_CLAIMED: "в работе",
		surveyv1.CaseState_CASE_STATE_RESOLVED: "решено",
	},
	kinds: map[commonv1.SubjectKind]string{
		commonv1.SubjectKind_SUBJECT_KIND_NETWORK: "сеть", commonv1.SubjectKind_SUBJECT_KIND_REGION: "регион", commonv1.SubjectKind_SUBJECT_KIND_STORE: "магазин",
		commonv1.SubjectKind_SUBJECT_KIND_PICKUP_POINT: "пункт выдачи", commonv1.SubjectKind_SUBJECT_KIND_COURIER: "курьер", commonv1.SubjectKind_SUBJECT_KIND_SELLER: "продавец",
		commonv1.SubjectKind_SUBJECT_KIND_BUYER: "покупатель", commonv1.SubjectKind_SUBJECT_KIND_PRODUCT: "товар", commonv1.SubjectKind_SUBJECT_KIND_TOUCHPOINT: "точка контакта",
		commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE: "сотрудник",
	},
	groups: map[commonv1.SubjectKind]string{
		commonv1.SubjectKind_SUBJECT_KIND_NETWORK: "Сети", commonv1.SubjectKind_SUBJECT_KIND_REGION: "Регионы", commonv1.SubjectKind_SUBJECT_KIND_STORE: "Магазины",
		commonv1.SubjectKind_SUBJECT_KIND_PICKUP_POINT: "Пункты выдачи", commonv1.SubjectKind_SUBJECT_KIND_COURIER: "Курьеры", commonv1.SubjectKind_SUBJECT_KIND_SELLER: "Продавцы",
		commonv1.SubjectKind_SUBJECT_KIND_BUYER: "Покупатели", commonv1.SubjectKind_SUBJECT_KIND_PRODUCT: "Товары", commonv1.SubjectKind_SUBJECT_KIND_TOUCHPOINT: "Точки контакта",
		commonv1.SubjectKind_SUBJECT_KIND_EMPLOYEE: "Сотрудники",
	},
}

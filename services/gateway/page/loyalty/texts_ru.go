package loyalty

import (
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

var russian = words{
	Lang:   shell.Russian,
	member: []string{"участник", "участника", "участников"}, point: []string{"балл", "балла", "баллов"}, redemption: []string{"списание", "списания", "списаний"},

	Loyalty: "Лояльность", Members: "Участники", Member: "Участник",
	NoProgramme: "У «%s» ещё нет программы лояльности. Создайте её из файла: rapport loyalty programme create FILE.yaml; пример — deploy/examples/loyalty/beauty.yaml.",
	Programme:   "Программа", Dates: "Даты", DateFrom: "С", DateTo: "По", NoInterval: "слишком мало для интервала",
	PointsHead: "Баллы", WorthHead: "Стоимость", ShareHead: "Доля", MonthHead: "Месяц", Never: "никогда", Until: "до %s", Since: "с %s",
	Whole: "За всё время", Closed: "закрыто", FullCount: "Всё посчитано по журналу целиком: здесь нет выборок.",

	Figures: "Баллы и участники", Before: "Раньше: %s", Issued: "Начислено", Spent: "Списано", Expired: "Сгорело", Outstanding: "На руках",
	OwedBy: "долг участников %s", RedemptionRate: "Доля списания", Others: "у других %s", Enrolled: "вступили %s", Active: "Активные участники",
	Spenders: "из них списывали %s", ActiveRate: "Доля активных",
	Young:        "Первым баллам программы меньше 6 месяцев: доли ещё вырастут.",
	NothingMoved: "В эти дни баллы не начисляли и не списывали.",

	Months: "Начисления и списания по месяцам", ByTier: "Доля списания по уровням", ByChannel: "Доля списания по каналам", TierHead: "Уровень", ChannelHead: "Канал",
	RedemptionsHead: "Списаний", RateTitle: "%s: начислено %s, списано %s, доля %s",
	Cohorts:     "Доля списанного по возрасту баллов, по месяцу начисления",
	CohortHint:  "Сколько баллов месяца списано к концу этого месяца (0) и каждого следующего. Последняя точка линии ещё меняется.",
	CohortTitle: "%s: списано %s из %s к месяцу %d", CurveTitle: "%s: %s из %s баллов", AgeHead: "Месяцев после месяца начисления",

	Liability: "Что участники ещё могут списать, по сроку", NothingOwed: "Ни у кого нет баллов.", Breakage: "Несписанное",
	ExpiredOf: "%s из начисленных %s", ExpectedHead: "Ожидается, что сгорит из баллов на руках", ExpectedBy: "по судьбе баллов %s прошлых месяцев",
	NoExpectation: "неизвестно: за полный месяц ещё ничего не сгорело", BreakageHint: "Сгорело за показанные дни / начислено за них",

	Participation: "Кто участвует", DaysHead: "Дни", EnrolledHead: "Вступили", TierFlow: "Кто перешёл с уровня на уровень",
	TierRules: "по нынешним правилам и нынешнему счёту покупок", NobodyYet: "Участников ещё нет.",
	Rose: "Поднялись", Fell: "Опустились", Stayed: "Остались", Joined: "Вступили", NewMembers: "новые участники", Total: "Всего",
	FlowHint: "Строки — где участники были в конце первого дня, столбцы — где они в конце последнего; доли от строки. В рамке те, кто остался.",

	Offers: "Предложения", OfferHead: "Предложение", Received: "Получили", Viewed: "Увидели", Completed: "Выполнили", NoOffers: "Предложений ещё нет.",
	SinceBeginning: "с самого начала", IntervalHead: "Выполнили, интервал 95 %",
	Rewards: "Награды", RewardHead: "Награда", CostHead: "Цена", TakenHead: "Взяли", LeftHead: "Осталось", LeftOf: "%s из %s", Endless: "без ограничения",
	NoRewards: "Наград ещё нет.", ForSegment: "только сегмент %s",
	Impact:        "Иначе ли покупают участники?",
	NotCausal:     "Это не эффект программы: вступает тот, кто и так покупает больше. Сравнение подсказывает, где смотреть; что даёт программа, скажет эксперимент.",
	AgainstOthers: "Участники и остальные", BeforeAfter: "Участники после вступления и до него", OthersHead: "Остальные", MembersHead: "Участники", BeforeHead: "До", AfterHead: "После",
	MeasureHead: "Показатель", ChangeHead: "Разница, интервал 95 %", NotSure: "может быть случайной",

	FindMember: "Найти участника", FindHint: "Номер, почта, телефон, карта или система:номер", Find: "Найти", FoundMany: "%s — это может быть:", FoundNone: "По запросу %s никого нет.",
	Account: "Баланс", Available: "баллов можно списать", NoMember: "Баллов нет и никогда не было", MemberSince: "Участник с %s",
	OwesLong: "Долг %s: эти баллы отозваны после списания, следующие начисления погасят его.",
	Earned:   "Начислено за всё время", SpentEver: "Списано за всё время", Adjusted: "Исправлено вручную", Transferred: "От участников и им", Stands: "Теперь считается вместе с номером", ToCustomer: "Всё об этом клиенте",
	Ladder: "Уровни", FromHead: "От", TimesHead: "Баллы", CountedFrom: "засчитано с %s по %s", ForEver: "навсегда", Missing: "ещё %s до уровня «%s»",
	Projected: "По нынешнему счёту был бы уровень «%s»: со временем участник опустится на него.", FallsHead: "Перестанет засчитываться, если больше ничего не начислить",
	Expiries: "Что когда сгорит", NothingToLose: "Сгорать нечему.", OnDelivery: "после доставки", ActivateHead: "Можно списать с",
	Entries: "Записи", NoEntries: "Записей нет.", WhenHead: "Когда", WhatHead: "Что", WhyHead: "За что", OfOrder: "заказ %s", OfLine: "строка %s",
	OtherMember: "участник %d", LotTaken: "взято %s, срок %s", LotGiven: "зачислено %s, срок %s", MoreLots: "и ещё %s", NeverExpires: "бессрочно",
	Holds: "Отложено", HoldOf: "резерв %s", NoHolds: "Ничего не отложено.", ForHead: "Для чего", UntilHead: "До",
	TakenRewards: "Взятые награды", NothingTaken: "Наград не брали.", StateHead: "Состояние", PersonalOffers: "Личные предложения", NoPersonal: "Предложений для участника нет.",
	ForReward: "награда", SoFar: "пока %s за покупок: %s",

	spans:    map[string]string{"7": "Неделя", "30": "30 дней", "90": "90 дней", "365": "Год"},
	measures: map[string]string{"frequency": "Покупок на человека в год", "average_check": "Средний чек", "retention": "Купили снова во второй половине"},
	movements: map[loyaltyv1.MovementKind]string{
		loyaltyv1.MovementKind_MOVEMENT_KIND_EARN: "Начислено", loyaltyv1.MovementKind_MOVEMENT_KIND_ACTIVATE: "Можно списать", loyaltyv1.MovementKind_MOVEMENT_KIND_REDEEM: "Списано",
		loyaltyv1.MovementKind_MOVEMENT_KIND_HOLD: "Отложено", loyaltyv1.MovementKind_MOVEMENT_KIND_CAPTURE: "Списано из отложенного",
		loyaltyv1.MovementKind_MOVEMENT_KIND_VOID: "Больше не отложено", loyaltyv1.MovementKind_MOVEMENT_KIND_REVERSE: "Отозвано",
		loyaltyv1.MovementKind_MOVEMENT_KIND_ADJUST: "Исправлено", loyaltyv1.MovementKind_MOVEMENT_KIND_TRANSFER: "Передано участнику", loyaltyv1.MovementKind_MOVEMENT_KIND_EXPIRE: "Сгорело",
	},
	accounts: map[loyaltyv1.AccountKind]string{
		loyaltyv1.AccountKind_ACCOUNT_KIND_AVAILABLE: "доступно", loyaltyv1.AccountKind_ACCOUNT_KIND_HELD: "отложено",
		loyaltyv1.AccountKind_ACCOUNT_KIND_PENDING: "ожидает", loyaltyv1.AccountKind_ACCOUNT_KIND_OWED: "долг",
	},
	kinds: map[loyaltyv1.Reward_Kind]string{
		loyaltyv1.Reward_KIND_GIFT: "подарок", loyaltyv1.Reward_KIND_CHOICE: "подарок на выбор", loyaltyv1.Reward_KIND_PRIVILEGE: "привилегия", loyaltyv1.Reward_KIND_BIRTHDAY: "ко дню рождения",
	},
	states: map[loyaltyv1.TakenReward_State]string{
		loyaltyv1.TakenReward_STATE_HELD: "отложена", loyaltyv1.TakenReward_STATE_TAKEN: "взята", loyaltyv1.TakenReward_STATE_CANCELLED: "отменена", loyaltyv1.TakenReward_STATE_REFUNDED: "возвращена",
	},
}

package page

import commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"

// wholeWords are what the page of one person says beside its time line.
type wholeWords struct {
	Scorecard, Standing, Accounts, NextContacts, WholeQueue string
	RfmMissing, SegmentsMissing, NoCell, NoSegments         string
	SpentOf, CheckOf, RecencyOf, FrequencyOf, MonetaryOf    string
	CellHead, SegmentsHead, NoAccounts, NextTier, PointsOf  string
	HeldOf, PendingOf, OwedOf, EarnedOf, RedeemedOf         string
	ExpiredOf, NowAllowed, NeverAllowed, FromThen           string
	BestContact, NoContact, PurposeHead, ShowThem           string
	HideThem, ShownNote                                     string

	daysAgo                []string
	modes                  map[commonv1.ContactMode]string
	purposes, contactRules map[string]string
}

var englishWhole = wholeWords{
	Scorecard: "Scorecard", Standing: "Worth and segments", Accounts: "Points", NextContacts: "Next contact", WholeQueue: "To the whole queue",
	RfmMissing: "The grid is missing here: %s.", SegmentsMissing: "Segments are missing here: %s.", NoCell: "no grid was computed yet",
	NoSegments: "in no segment", SpentOf: "Spent", CheckOf: "Average check", RecencyOf: "Last purchase", FrequencyOf: "Purchases in the grid",
	MonetaryOf: "Spent in the grid", CellHead: "Recency, frequency, money", SegmentsHead: "Segments", NoAccounts: "In no programme.",
	NextTier: "%s from %s more", PointsOf: "points available", HeldOf: "Held", PendingOf: "Not yet to be spent", OwedOf: "Owed", EarnedOf: "Ever earned",
	RedeemedOf: "Ever redeemed", ExpiredOf: "Expired", NowAllowed: "now", NeverAllowed: "not allowed", FromThen: "from %s",
	BestContact: "%s now, for %s.", NoContact: "Nothing is allowed now.", PurposeHead: "What for", ShowThem: "Show them in full",
	HideThem: "Mask them", ShownNote: "Identities are shown in full; that you looked is recorded where an audit log is kept.",
	daysAgo: []string{"day ago", "days ago"},
	modes: map[commonv1.ContactMode]string{
		commonv1.ContactMode_CONTACT_MODE_EMAIL: "E-mail", commonv1.ContactMode_CONTACT_MODE_PUSH: "Push", commonv1.ContactMode_CONTACT_MODE_SMS: "SMS",
		commonv1.ContactMode_CONTACT_MODE_MESSENGER: "Messenger", commonv1.ContactMode_CONTACT_MODE_CALL: "Call",
	},
	purposes: map[string]string{"survey": "a survey", "marketing": "an offer"},
	contactRules: map[string]string{
		"OPT_OUT": "opted out", "NO_CONSENT": "no consent", "SENSITIVE_DATE": "a sensitive date", "LIFE_EVENT": "a life event", "QUIET_HOURS": "quiet hours",
		"PURPOSE_LIMIT": "asked enough of this", "OVERALL_LIMIT": "contacted enough", "ERASED": "erased",
	},
}

var russianWhole = wholeWords{
	Scorecard: "Карточка показателей", Standing: "Ценность и сегменты", Accounts: "Баллы", NextContacts: "Следующий контакт", WholeQueue: "Ко всей очереди",
	RfmMissing: "Сетки RFM здесь не хватает: %s.", SegmentsMissing: "Сегментов здесь не хватает: %s.", NoCell: "сетку ещё не считали",
	NoSegments: "ни в одном сегменте", SpentOf: "Потрачено", CheckOf: "Средний чек", RecencyOf: "Последняя покупка", FrequencyOf: "Покупок в сетке",
	MonetaryOf: "Потрачено в сетке", CellHead: "Давность, частота, деньги", SegmentsHead: "Сегменты", NoAccounts: "Ни в одной программе.",
	NextTier: "до «%s» ещё %s", PointsOf: "баллов доступно", HeldOf: "Удержано", PendingOf: "Ещё нельзя тратить", OwedOf: "Долг", EarnedOf: "Начислено всего",
	RedeemedOf: "Потрачено всего", ExpiredOf: "Сгорело", NowAllowed: "сейчас", NeverAllowed: "нельзя", FromThen: "с %s",
	BestContact: "%s сейчас: %s.", NoContact: "Сейчас нельзя ничего.", PurposeHead: "Зачем", ShowThem: "Показать полностью",
	HideThem: "Скрыть", ShownNote: "Идентификаторы показаны полностью; просмотр записан там, где ведётся журнал.",
	daysAgo: []string{"день назад", "дня назад", "дней назад"},
	modes: map[commonv1.ContactMode]string{
		commonv1.ContactMode_CONTACT_MODE_EMAIL: "Письмо", commonv1.ContactMode_CONTACT_MODE_PUSH: "Push", commonv1.ContactMode_CONTACT_MODE_SMS: "SMS",
		commonv1.ContactMode_CONTACT_MODE_MESSENGER: "Мессенджер", commonv1.ContactMode_CONTACT_MODE_CALL: "Звонок",
	},
	purposes: map[string]string{"survey": "опрос", "marketing": "предложение"},
	contactRules: map[string]string{
		"OPT_OUT": "отказ", "NO_CONSENT": "нет согласия", "SENSITIVE_DATE": "чувствительная дата", "LIFE_EVENT": "событие в жизни", "QUIET_HOURS": "тихие часы",
		"PURPOSE_LIMIT": "об этом уже спрашивали", "OVERALL_LIMIT": "контактов уже достаточно", "ERASED": "стёрт",
	},
}

package outbox

import (
	commonv1 "github.com/rapport-cx/rapport/gen/rapport/common/v1"
	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

var russian = words{
	Lang: shell.Russian,

	NotDone: "Не сделано:", SeeFields: "Не сделано: посмотрите на отмеченные поля.", Save: "Сохранить", Begin: "Подписаться", Create: "Создать ссылку", Unsigned: "кто-то без входа", AsUsual: "как обычно", NotSaid: "не указано", Any: "Любой", ApplyWord: "Применить", Reset: "Сбросить фильтры",

	Subscriptions: "Подписки", SubscriptionsTitle: "Отчёты, которые приходят сами", Subscribe: "Новая подписка",
	NoSubscriptions: "Пока никто ни на что не подписан.",
	WhatHead:        "Отчёт", OfHead: "О ком", WhomHead: "Кому", WhenHead: "Когда", ZoneHead: "Часовой пояс", NextHead: "Следующий", StateHead: "Состояние", OwnerHead: "Кто завёл", NeverNext: "не ожидается",
	WholeBrand:   "весь бренд",
	EveryQuarter: "каждые четверть часа", EveryDay: "каждый день в %s", EveryWeek: "каждую неделю, %s, в %s", EveryMonth: "каждый месяц, %s числа, в %s",
	SubscriptionTitle: "Подписка", HandleTitle: "Что с ней сделать", ChangeTitle: "Изменить", OfOthers: "Она чужая: её можно приостановить, возобновить и удалить.",
	SectionsHead: "Разделы", AllSections: "Разделы (ни одного: все)", MetricHead: "Главная оценка", DaysHead: "Дни", LocaleHead: "Язык", CreatedHead: "Заведена", RightsHead: "Доставляется с вашими правами до",
	SecretHead: "Секрет вебхука", SecretOnce: "Им подписана каждая доставка, и показан он только сейчас: сохраните его.",
	PauseWord: "Приостановить", ResumeWord: "Возобновить", SendWord: "Отправить сейчас", SendHint: "Отчёт на эту минуту, для пробы.", RotateWord: "Новый секрет",
	RotateHint: "Сутки доставки подписаны обоими.", DeleteWord: "Удалить", DeleteHint: "Будет забыто, кому она шла. Что доставлено, останется в списке.",
	SureWord: "Да, удалить", StartAgain: "Она кончилась сама. Возобновите или сохраните — и она пойдёт снова.", OwnersToStart: "Она кончилась сама: снова начать её может только тот, кто завёл.",
	WhatPart: "Что", WhenPart: "Когда", WhomPart: "Кому",
	DeliveriesTitle: "Доставки", NoDeliveries: "Пока ни одной.", DueHead: "Срок", WindowHead: "Дни отчёта", AttemptsHead: "Попытки", IDHead: "Номер", ErrorHead: "Последняя ошибка",
	NextTry: "следующая попытка", DoneHead: "Кончилась", Trial: "для пробы", InDoubt: "неизвестно: могла дойти; повторяется под тем же номером", Missed: "пропущено более ранних: %d",
	GivenUp: "после %s повторов не будет", ZoneOf: "Время доставок в зоне %s.",

	Links: "Ссылки на опрос", MakeLink: "Новая ссылка", OpenLinks: "Ссылки для всех", LinksOf: "Ссылки клиента", WhichLinks: "Какие ссылки", NoLinks: "Таких ссылок нет.", LinkOf: "Ссылка %s",
	SurveyHead: "Опрос", AboutHead: "О ком", ChannelHead: "Канал", ModeHead: "Как приходит", EndsHead: "Отвечают до", MadeHead: "Создана", NoEnd: "отзыва", CustomerHead: "Клиент",
	OrderHead: "Заказ", EndedHead: "Кончилась", ForWhom: "Для кого",
	CodeTitle: "Код", CodeOf: "QR-код ссылки %s", CodeHint: "Печатайте шириной с ладонь; четверть может быть испачкана или оторвана.", CodeDead: "Ответов она больше не принимает: снимите плакаты.",
	SVGWord: "SVG, для печати", PNGWord: "Картинка PNG",
	LinkTitle: "Ссылка", RevokeTitle: "Отозвать", RevokeWord: "Отозвать", RevokeHint: "С этой минуты ответов она не принимает; те, что пришли, остаются.", RevokeSure: "Да, отозвать",
	Everybody: "для всех, по QR-коду", OneOnly: "для одного клиента, на один раз", OfBrowser: "как предпочитает браузер", MoreFields: "Ещё", Another: "Сделать ещё одну", AddressHead: "Адрес",

	days: []string{"день", "дня", "дней"},

	fields: map[string]string{
		"report": "Отчёт", "subject": "О ком", "metric": "Главная оценка", "days": "Дней", "every": "Как часто", "weekday": "День недели", "day": "Число месяца", "at": "Во сколько", "zone": "Часовой пояс получателя",
		"to": "E-mail или https://… программы", "name": "Имя", "locale": "Язык", "survey": "Опрос", "number": "Номер клиента", "whom": "Для кого", "customer": "Клиент",
		"channel": "Где это было", "mode": "Как она приходит", "expires": "Отвечают до", "order": "Заказ", "experienced": "Когда это было",
	},
	hints: map[string]string{
		"report": "", "subject": "ВИД:НОМЕР, например STORE:101; пусто: весь бренд", "metric": "", "days": "пусто: столько, как часто приходит", "every": "", "weekday": "", "day": "в коротких месяцах — последний день",
		"at": "по часам получателя", "zone": "например Europe/Moscow", "to": "программам — с подписью (Standard Webhooks)", "name": "как обратиться в письме", "locale": "", "survey": "", "number": "пусто: ссылки для всех",
		"whom": "", "customer": "номер, e-mail, телефон с +, CARD:… или EXTERNAL:СИСТЕМА:НОМЕР", "channel": "", "mode": "e-mail, SMS, push, мессенджеры и звонки спрашивают бюджет контактов", "expires": "пусто: 30 дней для одного клиента, иначе без конца",
		"order": "", "experienced": "пусто: когда ответят",
	},
	wrongs: map[string]string{
		"report": "Выберите отчёт.", "subject": "Напишите вид и номер, например STORE:101. Карточка всегда о ком-то.", "sections": "Это разделы отчёта по всем каналам.", "metric": "Такой оценки нет.",
		"days": "Целое число от 0 до 400; если каждые четверть часа — пусто.", "every": "Выберите, как часто.", "weekday": "Выберите день недели.", "day": "Число от 1 до 31.", "at": "Время, например 09:00.",
		"zone": "Такого пояса нет; напишите, например, Europe/Moscow.", "to": "Напишите адрес e-mail или адрес, который начинается с https://. Адреса частных сетей отклоняются, если установка их не разрешает.",
		"name": "Одна строка, не больше 128 букв.", "locale": "Выберите язык.", "sure": "Отметьте, что это не случайно.",
		"survey": "Выберите опрос, который принимает ответы.", "whom": "Выберите, для кого.", "customer": "Напишите, чья она: номер, e-mail, телефон с +, CARD:… или EXTERNAL:СИСТЕМА:НОМЕР.", "channel": "Выберите канал.",
		"mode": "Выберите как.", "expires": "День не раньше сегодняшнего и не дальше 5 лет.", "order": "Не больше 64 букв.", "experienced": "День и время, не в будущем.",
		"SUBJECT_UNKNOWN": "Такого вида и номера никто не знает.", "MAIL_UNCONFIGURED": "Эта установка не отправляет писем: дайте адрес программы.", "CONTACT_FORBIDDEN": "Бюджет контактов не разрешает сейчас так спрашивать этого клиента.",
		"CUSTOMER_ERASED": "Этот клиент стёрт.", "CUSTOMER_UNKNOWN": "Такого клиента нет.", "IDENTITY_ERASED": "Этот клиент стёрт.", "IDENTITY_BLOCKED": "По этому адресу или номеру никого не узнать: дайте номер клиента.", "SURVEY_NOT_OPEN": "Этот опрос ответов не принимает.",
	},
	reasons: map[string]string{
		"VERSION_CONFLICT":     "пока вы смотрели, её изменил кто-то другой. Вы видите её такой, какая она сейчас; то, что вы написали, осталось в форме.",
		"SUBSCRIPTION_STOPPED": "она кончилась.", "SUBSCRIPTION_LIMIT": "у бренда столько подписок, сколько можно.", "KEY_REUSED": "форма уже отправлена с другим содержанием. Откройте её заново.",
		"ALREADY_EXISTS": "форма уже отправлена с другим содержанием. Откройте её заново.",
	},
	sections: map[string]string{
		"scores": "Оценки", "responses": "Анкеты", "orders": "Заказы", "contacts": "Обращения", "loyalty": "Лояльность", "retention": "Удержание", "invitations": "Приглашения",
	},
	locales:  map[string]string{"": "первый у бренда", "en": "английский", "ru": "русский"},
	weekdays: map[int32]string{1: "понедельник", 2: "вторник", 3: "среда", 4: "четверг", 5: "пятница", 6: "суббота", 7: "воскресенье"},
	reports: map[reportv1.ReportKind]string{
		reportv1.ReportKind_REPORT_KIND_OMNICHANNEL: "Отчёт по всем каналам", reportv1.ReportKind_REPORT_KIND_SCORECARD: "Карточка показателей",
	},
	everies: map[reportv1.Cadence_Every]string{
		reportv1.Cadence_EVERY_QUARTER_HOUR: "каждые четверть часа", reportv1.Cadence_EVERY_DAY: "каждый день", reportv1.Cadence_EVERY_WEEK: "каждую неделю", reportv1.Cadence_EVERY_MONTH: "каждый месяц",
	},
	states: map[reportv1.Subscription_State]string{
		reportv1.Subscription_STATE_UNSPECIFIED: "не известно", reportv1.Subscription_STATE_ACTIVE: "идёт", reportv1.Subscription_STATE_PAUSED: "приостановлена", reportv1.Subscription_STATE_STOPPED: "кончилась",
	},
	deliveries: map[reportv1.Delivery_Status]string{
		reportv1.Delivery_STATUS_UNSPECIFIED: "Все", reportv1.Delivery_STATUS_PENDING: "ждёт", reportv1.Delivery_STATUS_SENT: "отправлена", reportv1.Delivery_STATUS_FAILED: "не удалась",
		reportv1.Delivery_STATUS_CANCELLED: "отменена",
	},
	linkStates: map[surveyv1.SurveyLinkState]string{
		surveyv1.SurveyLinkState_SURVEY_LINK_STATE_UNSPECIFIED: "не известно", surveyv1.SurveyLinkState_SURVEY_LINK_STATE_USABLE: "принимает ответы", surveyv1.SurveyLinkState_SURVEY_LINK_STATE_ANSWERED: "ответили",
		surveyv1.SurveyLinkState_SURVEY_LINK_STATE_EXPIRED: "срок вышел", surveyv1.SurveyLinkState_SURVEY_LINK_STATE_REVOKED: "отозвана", surveyv1.SurveyLinkState_SURVEY_LINK_STATE_SURVEY_CLOSED: "опрос закрыт",
	},
	modes: map[commonv1.ContactMode]string{
		commonv1.ContactMode_CONTACT_MODE_UNSPECIFIED: "", commonv1.ContactMode_CONTACT_MODE_QR: "QR-код", commonv1.ContactMode_CONTACT_MODE_EMAIL: "e-mail", commonv1.ContactMode_CONTACT_MODE_SMS: "SMS",
		commonv1.ContactMode_CONTACT_MODE_MESSENGER: "мессенджер", commonv1.ContactMode_CONTACT_MODE_PUSH: "push", commonv1.ContactMode_CONTACT_MODE_CALL: "звонок",
		commonv1.ContactMode_CONTACT_MODE_WIDGET: "виджет", commonv1.ContactMode_CONTACT_MODE_IN_PERSON: "лично",
	},
}

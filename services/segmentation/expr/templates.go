package expr

// Templates are the ready rules, in the order to show them.
func Templates() []Template {
	return append(habits(), append(money(), opinions()...)...)
}

func titles(ru, en string) map[string]string { return map[string]string{"ru": ru, "en": en} }

// Names of the parameters that a cut depends on.
const percent, days = "percent", "days"

// The parameters that several templates have.
var (
	paramDays     = Parameter{days, titles("За сколько дней", "In how many days"), Window, "30"}
	paramCategory = Parameter{"category", titles("Категория", "Category"), Category, ""}
	paramWeeks    = Parameter{"weeks", titles("Недель подряд, не меньше", "Weeks in a row, at least"), Count, "4"}
)

// habits are of how often and what people buy.
func habits() []Template {
	return []Template{
		{"weekly_category", titles("Покупают категорию каждую неделю", "Buy a category every week"),
			[]Parameter{paramCategory, paramWeeks}, `category_weeks({category}) >= {weeks}`, nil},
		{"weekly", titles("Покупают каждую неделю", "Buy every week"),
			[]Parameter{paramWeeks}, `purchases.weeks_in_row >= {weeks}`, nil},
		{"category", titles("Покупали категорию", "Bought a category"),
			[]Parameter{paramCategory, paramDays, {"times", titles("Раз, не меньше", "Times, at least"), Count, "1"}},
			`category_count({category}, {days}) >= {times}`, nil},
		{"not_category", titles("Покупают, но не эту категорию", "Buy, but not this category"),
			[]Parameter{paramCategory, paramDays}, `purchases.count_{days}d > 0 && category_count({category}, {days}) == 0`, nil},
		{"many_categories", titles("Покупают в нескольких категориях", "Buy in several categories"),
			[]Parameter{{"categories", titles("Категорий, не меньше", "Categories, at least"), Count, "3"}, paramDays},
			`purchases.category_count_{days}d >= {categories}`, nil},
		{"sleepers", titles("Спящие: давно не покупали", "Sleepers: no purchase for long"),
			[]Parameter{{"quiet", titles("Дней без покупок, больше", "Days without a purchase, more than"), Count, "90"}},
			`purchases.days_since_last > {quiet}`, nil},
		{"active", titles("Покупали недавно", "Bought lately"),
			[]Parameter{paramDays, {"times", titles("Раз, не меньше", "Times, at least"), Count, "1"}},
			`purchases.count_{days}d >= {times}`, nil},
		{"newcomers", titles("Новички: первая покупка была недавно", "Newcomers: the first purchase was lately"),
			[]Parameter{paramDays}, `purchases.count_{days}d > 0 && purchases.count_{days}d == purchases.count`, nil},
		{"one_visit", titles("Купили один раз и больше не вернулись", "Bought once and never again"),
			nil, `purchases.count == 1`, nil},
		{"visitors", titles("Заходят, но не покупают", "Come and do not buy"),
			[]Parameter{{"times", titles("Визитов, не меньше", "Visits, at least"), Count, "3"}, paramDays},
			`visits.count_{days}d >= {times} && purchases.count_{days}d == 0`, nil},
		{"never", titles("Ещё ничего не купили", "Have not bought yet"), nil, `purchases.count == 0`, nil},
		{"channel", titles("Покупают через канал", "Buy through a channel"),
			[]Parameter{{"channel", titles("Канал", "Channel"), Channel, "WEB"}, paramDays},
			`{channel} in purchases.channels_{days}d`, nil},
		{"occasion", titles("Покупают по поводу", "Buy for an occasion"),
			[]Parameter{{"occasion", titles("Повод", "Occasion"), Occasion, ""}, paramDays},
			`{occasion} in purchases.occasions_{days}d`, nil},
	}
}

// money are of how much people spend.
func money() []Template {
	least := Parameter{"amount", titles("Сумма в копейках, не меньше", "Amount in minor units, at least"), Money, "1000000"}
	return []Template{
		{"top_spenders", titles("Верхняя десятая часть по тратам", "Top tenth by spend"),
			[]Parameter{{percent, titles("Сколько процентов покупателей, не больше", "Percent of those who buy, at most"), Percent, "10"}, paramDays},
			`purchases.spent_{days}d > {cut}`, titles(
				"Порог — трата на ранге ⌈n·(100 − процент)/100⌉ среди всех, кто что-то купил за эти дни; в сегменте те, кто потратил строго больше, "+
					"поэтому равные траты всегда вместе. Порог ищется, когда сегмент создают или задают ему этот шаблон заново, и с тех пор не меняется.",
				"The cut is the spend at rank ⌈n·(100 − percent)/100⌉ of all who bought anything in those days; members spent strictly more, "+
					"so equal spenders are always together. It is found when the segment is created or given this template anew, and stays until then.")},
		{"spenders", titles("Потратили много", "Spent much"),
			[]Parameter{least, paramDays}, `purchases.spent_{days}d >= {amount}`, nil},
		{"big_check", titles("Большой средний чек", "High average check"),
			[]Parameter{least}, `purchases.average_check >= {amount}`, nil},
		{"returners", titles("Часто возвращают", "Return goods often"),
			[]Parameter{{"times", titles("Возвратов, не меньше", "Returns, at least"), Count, "2"}, paramDays},
			`returns.count_{days}d >= {times}`, nil},
		{"rfm_best", titles("Лучшие по RFM", "Best by RFM"), nil, `rfm.recency >= 4 && rfm.frequency >= 4 && rfm.monetary >= 4`, nil},
		{"rfm_top_money", titles("Верхняя пятая часть по деньгам (RFM)", "Top fifth by money (RFM)"), nil, `rfm.monetary == 5`, nil},
		{"rfm_slipping", titles("Были частыми, но пропадают (RFM)", "Were frequent and are slipping away (RFM)"), nil,
			`rfm.recency <= 2 && rfm.frequency >= 4`, nil},
	}
}

// opinions are of what people say and what is known of them.
func opinions() []Template {
	metric := Parameter{"metric", titles("Метрика", "Metric"), Metric, ""}
	return []Template{
		{"dissatisfied", titles("Недовольны: последняя оценка низкая", "Dissatisfied: the last score is low"),
			[]Parameter{metric, {"score", titles("Оценка, не выше", "Score, at most"), Number, "6"}},
			`has(score.{metric}) && score.{metric} <= {score}`, nil},
		{"satisfied", titles("Довольны: последняя оценка высокая", "Satisfied: the last score is high"),
			[]Parameter{metric, {"score", titles("Оценка, не ниже", "Score, at least"), Number, "9"}},
			`has(score.{metric}) && score.{metric} >= {score}`, nil},
		{"attribute", titles("С таким признаком", "With an attribute"),
			[]Parameter{{"attribute", titles("Признак", "Attribute"), Attribute, ""}, {"value", titles("Значение", "Value"), Text, ""}},
			`attributes.{attribute} == {value}`, nil},
	}
}

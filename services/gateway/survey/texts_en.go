package survey

import (
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/services/gateway/page/shell"
)

var english = texts{
	Lang:   &shell.English,
	Survey: "Your opinion", Step: "Step %s of %s", Next: "Continue", Back: "Back", Send: "Send my answers",
	Optional: "optional", Required: "required", Saving: "Saving…", Saved: "Saved", NotSaved: "Not saved: no connection. We try again with your next answer.",
	GoOn:       "Welcome back: your earlier answers are kept, go on where you stopped.",
	LanguageIs: "English", CheckOne: "Choose one", CheckMany: "Choose any that apply", Language: "Language",
	Privacy:      "Your answers go to %s and are kept as you go on.",
	Satisfaction: "How satisfied are you?", Importance: "How important is it to you?",
	Best: "The best you could expect", Worst: "The worst you could expect",
	ends: map[surveyv1.QuestionKind][2]string{
		surveyv1.QuestionKind_QUESTION_KIND_NPS:         {"not at all likely", "extremely likely"},
		surveyv1.QuestionKind_QUESTION_KIND_CSAT:        {"very dissatisfied", "very satisfied"},
		surveyv1.QuestionKind_QUESTION_KIND_CES:         {"very difficult", "very easy"},
		surveyv1.QuestionKind_QUESTION_KIND_CSI_ITEM:    {"very dissatisfied", "very satisfied"},
		surveyv1.QuestionKind_QUESTION_KIND_RATING:      {"very bad", "excellent"},
		surveyv1.QuestionKind_QUESTION_KIND_EXPECTATION: {"very bad", "excellent"},
	},
	ImportanceLow: "not important", ImportanceHigh: "very important",
	flaws: map[flaw]string{
		required: "Please answer this question.", importanceMissing: "Please also say how important it is to you.",
		scoreMissing: "Please also say how satisfied you are.", worstMissing: "Please choose both, the best and the worst.",
		worstAboveBest: "The worst cannot be better than the best.", tooLong: "The text is too long: 10,000 bytes at most, about 10,000 letters.",
		notAnAnswer: "This is none of the possible answers.",
	},
	Thanks: "Thank you!", ThanksText: "Your answers are in and count already. You need do nothing more.",
	CallBack: "We are sorry that it was not as it should be. A member of our staff will get in touch with you %s.",
	LookInto: "We are sorry that it was not as it should be. Those in charge will look into it %s. You answered without a name, so we cannot call you back.",
	Until:    "by", Today: "today", Tomorrow: "tomorrow",
	Answered: "You have answered already", AnsweredText: "We received your answers on %s. Thank you: each of them counts.",
	Expired: "This survey is over", ExpiredText: "The link could be used until %s.",
	Revoked: "This link is not in use any more", RevokedText: "We have taken it back, perhaps because it led to the wrong place. You have done nothing wrong.",
	Closed: "This survey is over", ClosedText: "It takes no more answers. Thank you for your interest.",
	Forged: "There is no such survey", ForgedText: "Perhaps the link was copied in part. Please open it once more from our message, or scan the code again.",
	Crowded: "One moment, please", CrowdedText: "Too many requests come from your network. Please try again in a moment: what you have saved is kept.",
	Away: "Not possible right now", AwayText: "The survey cannot be reached. Please try again in a few minutes.",
	Broken:  "Your answers could not be saved just now. They still stand below: please send them once more.",
	TryThen: "Try again",
}

package gateway_test

// linkCalls come before the survey is closed: a link to it is made, opened and answered.
var linkCalls = []call{
	{rpc: "CreateSurveyLink", method: "POST", path: "/v1/demo/links", body: `{"requestId": "l1", "link": {"surveyId": "visit", "subjects": [{"kind": "SUBJECT_KIND_STORE", "id": "101"}],
		"channel": "CHANNEL_STORE", "mode": "CONTACT_MODE_SMS", "customer": {"id": "7"}, "locale": "ru"}}`},
	{rpc: "BatchCreateSurveyLinks", method: "POST", path: "/v1/demo/links:batch", body: `{"requests": [
		{"requestId": "l2", "link": {"surveyId": "visit", "open": true, "subjects": [{"kind": "SUBJECT_KIND_STORE", "id": "101"}], "channel": "CHANNEL_STORE", "mode": "CONTACT_MODE_QR"}},
		{"requestId": "l3", "link": {"surveyId": "visit"}}]}`},
	{rpc: "ListSurveyLinks", method: "GET", path: "/v1/demo/links"},
	{rpc: "GetSurveyLink", method: "GET", path: "/v1/demo/links/{link}"},
	{rpc: "RevokeSurveyLink", method: "POST", path: "/v1/demo/links/{link}:revoke", body: `{}`},
	{rpc: "OpenSurveyLink", method: "POST", path: "/v1/demo/links:open", body: `{"token": "{token}"}`},
	{rpc: "SaveSurveyAnswers", method: "POST", path: "/v1/demo/links:save", body: `{"token": "{token}", "surveyVersion": 1, "answers": [{"questionId": "why", "text": "The queue."}]}`},
	{rpc: "BatchGetInvitationStats", method: "POST", path: "/v1/demo/invitations:batchGetStats", body: `{"requests": [{"window": {"lastDays": 7}}, {"groupBy": [{"dimension": "DIMENSION_SEGMENT"}]}]}`},
	{rpc: "GetInvitationStats", method: "GET", path: "/v1/demo/invitations:stats?window.lastDays=7"},
	{rpc: "AnswerSurveyLink", method: "POST", path: "/v1/demo/links:answer", body: `{"token": "{token}", "surveyVersion": 1, "locale": "ru", "answers": [{"questionId": "nps", "score": 4}]}`},
}

package gateway_test

import "slices"

// trialCalls come while two are in a segment, one of whom has bought something.
var trialCalls = []call{
	{rpc: "CreateExperiment", method: "POST", path: "/v1/demo/experiments", body: `{"id": "gift", "segmentId": "cards", "title": "A gift", "holdOutBp": 5000,
		"arms": [{"name": "cup", "weight": 2}, {"name": "pen"}]}`},
	{rpc: "GetExperiment", method: "POST", path: "/v1/demo/experiments/gift:read", body: `{"measures": [{"purchases": "PURCHASE_MEASURE_SPENT"}, {"metric": "nps.unheard_of"}],
		"dates": {"start": "2026-02-01", "end": "2026-03-03"}}`},
	{rpc: "ListExperiments", method: "GET", path: "/v1/demo/experiments"},
	{rpc: "GetAssignment", method: "GET", path: "/v1/demo/experiments/gift/assignments/1"},
	{rpc: "ListAssignments", method: "GET", path: "/v1/demo/experiments/gift/arms/holdout"},
	{rpc: "CreateHypothesis", method: "POST", path: "/v1/demo/hypotheses", body: `{"id": "till", "segmentId": "cards", "statement": "They wait too long.", "action": "A second till.",
		"measure": {"purchases": "PURCHASE_MEASURE_SPENT"}, "expected": 10000, "before": {"start": "2026-02-16", "end": "2026-02-23"}, "after": {"start": "2026-02-23", "end": "2026-03-02"}}`},
	{rpc: "GetHypothesis", method: "GET", path: "/v1/demo/hypotheses/till"},
	{rpc: "ConcludeHypothesis", method: "POST", path: "/v1/demo/hypotheses/till:conclude", body: `{"conclusion": {"decision": "DECISION_REPEAT", "insight": "Two persons tell nothing."}}`},
	{rpc: "ListHypotheses", method: "GET", path: "/v1/demo/hypotheses?segmentId=cards"},
	{rpc: "StopExperiment", method: "POST", path: "/v1/demo/experiments/gift:stop", body: `{}`},
}

// tried are calls with those of trialCalls where there is somebody to try them on.
func tried(calls []call) []call {
	at := slices.IndexFunc(calls, func(c call) bool { return c.rpc == "ArchiveSegment" })
	return slices.Insert(slices.Clone(calls), at, trialCalls...)
}

package gateway_test

import "slices"

// panelCalls come while customer 1 has bought something and nobody is erased.
var panelCalls = []call{
	{rpc: "QueryPanel", method: "POST", path: "/v1/demo/panel:query", body: `{"filters": [{"segmentId": "tver"}, {"field": {"field": "purchases.spent", "atLeast": 100}},
		{"field": {"field": "attributes.club", "values": ["false"]}, "not": true}], "rest": true, "metrics": ["nps.unheard_of"], "window": {"lastDays": 30},
		"distributions": [{"field": "attributes.club"}, {"field": "attributes.city"}, {"field": "purchases.spent", "bounds": [1, 100000]}, {"field": "customer.numbers"}]}`},
	{rpc: "GetSampleSize", method: "GET", path: "/v1/demo/sample-size?measured=MEASURED_NPS&margin=10&population=2000&responseRate=20"},
	{rpc: "SampleSegment", method: "POST", path: "/v1/demo/segments/tver:sample", body: `{"size": 5, "seed": "7", "contact": {"mode": "CONTACT_MODE_EMAIL", "purpose": "marketing"}}`},
}

// paneled are calls with those of panelCalls where there is somebody to ask about.
func paneled(calls []call) []call {
	at := slices.IndexFunc(calls, func(c call) bool { return c.rpc == "ArchiveSegment" })
	return slices.Insert(slices.Clone(calls), at, panelCalls...)
}

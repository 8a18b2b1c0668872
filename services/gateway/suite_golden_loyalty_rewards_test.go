package gateway_test

// rewardCalls are rewards and offers from their making to their end.
var rewardCalls = []call{
	{rpc: "UpsertReward", method: "PUT", path: "/v1/demo/rewards/cup", body: `{"programmeId": "club", "titles": {"en": "A cup"}, "kind": "KIND_GIFT", "cost": "30", "stock": "5", "tiers": ["vip"], "perPerson": 2}`},
	{rpc: "ListRewards", method: "GET", path: "/v1/demo/rewards"},
	{rpc: "ExamineReward", method: "GET", path: "/v1/demo/rewards/cup/members/8:examine"},
	{rpc: "TakeReward", method: "POST", path: "/v1/demo/rewards/cup:take", body: `{"requestId": "w1", "customer": {"id": "7"}, "seconds": 600}`},
	{rpc: "ConfirmReward", method: "POST", path: "/v1/demo/taken-rewards/{taken}:confirm", body: `{"requestId": "w2"}`},
	{rpc: "CancelReward", method: "POST", path: "/v1/demo/taken-rewards/{taken}:cancel", body: `{"requestId": "w3", "reason": "it was broken"}`},
	{rpc: "ListTakenRewards", method: "GET", path: "/v1/demo/customers/7/rewards"},
	{rpc: "UpsertOffer", method: "PUT", path: "/v1/demo/offers/spring", body: `{"programmeId": "club", "titles": {"en": "Spring"}, "validFrom": "2026-01-01T00:00:00Z", "validUntil": "2036-01-01T00:00:00Z",
		"condition": {"spend": {"currency": "RUB", "minorUnits": "300000"}, "categories": ["skin"], "purchases": 2}, "points": "50", "codes": ["SPRING-1", "SPRING-2"]}`},
	{rpc: "ListOffers", method: "GET", path: "/v1/demo/offers"},
	{rpc: "SendOffer", method: "POST", path: "/v1/demo/offers/spring:send", body: `{"customers": [{"id": "7"}, {"id": "8"}, {"id": "8"}], "receivedAt": "2026-02-01T09:00:00Z"}`},
	{rpc: "ViewOffer", method: "POST", path: "/v1/demo/offers/spring:view", body: `{"customer": {"id": "8"}, "viewedAt": "2026-02-02T09:00:00Z"}`},
	{rpc: "RedeemOffer", method: "POST", path: "/v1/demo/offers:redeem", body: `{"requestId": "o1", "code": "SPRING-1", "customer": {"id": "7"}, "redeemedAt": "2026-02-03T09:00:00Z"}`},
	{rpc: "ListPersonalOffers", method: "GET", path: "/v1/demo/customers/7/offers"},
	{rpc: "GetOfferFunnel", method: "GET", path: "/v1/demo/offers:funnel"},
}

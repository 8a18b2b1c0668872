package segmentation

import (
	journeyv1 "github.com/rapport-cx/rapport/gen/rapport/journey/v1"
	loyaltyv1 "github.com/rapport-cx/rapport/gen/rapport/loyalty/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// Neighbours are the services that hold facts of the same customers. One that is
// nil is no part of this deployment: erasures do not wait for it, exports lack
// nothing of it.
type Neighbours struct {
	Survey  surveyv1.SurveyServiceClient
	Journey journeyv1.JourneyServiceClient
	Loyalty loyaltyv1.LoyaltyServiceClient
}

package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	segmentationv1 "github.com/rapport-cx/rapport/gen/rapport/segmentation/v1"
	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"

	"github.com/rapport-cx/rapport/internal/access"
)

// persons are the messages and fields that say something of one person.
var persons = []protoreflect.FullName{
	"rapport.common.v1.Identity", "rapport.common.v1.CustomerRef", "rapport.segmentation.v1.Customer", "rapport.survey.v1.Response",
	"rapport.survey.v1.Case", "rapport.journey.v1.Event", "rapport.loyalty.v1.Entry", "rapport.loyalty.v1.Lot",
}

// names tells where a message names persons; empty: nowhere.
func names(m protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) string {
	if slices.Contains(persons, m.FullName()) {
		return string(m.FullName())
	}
	if seen[m.FullName()] {
		return ""
	}
	seen[m.FullName()] = true
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		switch f.Name() {
		case "customer_id":
			return string(f.FullName())
		case "customer_ids", "customers", "ids", "bitmap":
			if f.IsList() && f.Kind() == protoreflect.Int64Kind || f.Kind() == protoreflect.BytesKind {
				return string(f.FullName())
			}
		}
		if f.Message() != nil {
			if at := names(f.Message(), seen); at != "" {
				return at
			}
		}
	}
	return ""
}

// impersonal are RPCs that name persons and are no reads of them.
var impersonal = map[string]string{
	"GetMap": "its audience is made up", "ListMaps": "its audience is made up", "GetMapScores": "its audience is made up",
	"CreateMap": "its audience is made up", "UpdateMap": "its audience is made up", "PublishMap": "its audience is made up",
	"GetMetric": "scores, which are hidden where they are of few", "BatchGetMetrics": "as GetMetric", "GetOverview": "as GetMetric", "WatchMetric": "as GetMetric", "CompareMetric": "as GetMetric", "GetDrivers": "as GetMetric",
	"CreateSegment": writes, "UpdateSegment": writes, "ArchiveSegment": writes, "UpsertCustomers": writes, "EraseCustomer": writes,
	"CreateSurveyLink": writes, "BatchCreateSurveyLinks": writes, "RevokeSurveyLink": writes,
	"Earn": writes, "Activate": writes, "Redeem": writes, "Hold": writes, "Capture": writes, "Void": writes, "Reverse": writes, "Adjust": writes, "Transfer": writes,
	"TakeReward": writes, "ConfirmReward": writes, "CancelReward": writes, "ViewOffer": writes, "RedeemOffer": writes,
}

const writes = "a write, which is a fact of the service's own log"

// also are reads of persons that the messages do not show: whole exports and feeds.
var also = map[string]bool{"WatchCustomers": true, "WatchMemberships": true, "ExportCustomer": true, "ReplyToResponse": true, "ModerateReply": true}

// Every RPC that gives something of persons is recorded, whatever becomes of the call.
func TestReadsOfPersonsAreRecorded(t *testing.T) {
	f := newFortress(t)
	f.plant()
	ctx := f.with(f.token(jwt.MapClaims{"sub": "auditor"}))
	for _, m := range f.methods() {
		name, r := string(m.Name()), rule(t, m)
		in, out := names(m.Input(), map[protoreflect.FullName]bool{}), names(m.Output(), map[protoreflect.FullName]bool{})
		reads := slices.Contains(r.Verbs, access.Read) || slices.Contains(r.Verbs, access.Detail)
		want := (out != "" || in != "" && reads || also[name]) && impersonal[name] == ""
		if want != r.Personal {
			t.Errorf("%s is personal: %v; it takes %q and gives %q", path(m), r.Personal, in, out)
		}
		before := strings.Count(f.read("audit"), "\n")
		ask := dynamicpb.NewMessage(m.Input())
		fill(ask, "demo", 1, 0)
		_ = f.call(ctx, m, ask) // refused or not: that it was asked is what counts
		added := strings.SplitAfter(f.read("audit"), "\n")[before:]
		told := slices.ContainsFunc(added, func(line string) bool {
			return strings.Contains(line, `"method":"`+path(m)[1:]+`"`) && strings.Contains(line, `"who":"`+issuer+` auditor"`) && strings.Contains(line, `"brand":"demo"`)
		})
		if told != r.Personal {
			t.Errorf("%s is personal: %v, and recorded: %v", path(m), r.Personal, added)
		}
	}
	f.namedInAudit(t)
}

// namedInAudit reads of one person, and of a page of them, and finds who they were.
func (f *fortress) namedInAudit(t *testing.T) {
	ctx := f.with(f.token(jwt.MapClaims{"sub": "auditor"}))
	_, err := surveyv1.NewSurveyServiceClient(f.conn).ListResponses(ctx, &surveyv1.ListResponsesRequest{Brand: "demo"})
	f.ok(err)
	_, err = segmentationv1.NewSegmentationServiceClient(f.conn).ListCustomers(ctx, &segmentationv1.ListCustomersRequest{Brand: "demo"})
	f.ok(err)
	all := f.read("audit")
	out := must(t, "audit", filepath.Join(f.dir, "audit"), "--customer", "1", "--who", "auditor", "--method", "ListCustomers")
	if strings.Count(out, "\n") != 1 || !strings.Contains(out, "ListCustomers") {
		t.Errorf("who listed customer 1: %s\nof\n%s", out, all)
	}
	if out := must(t, "audit", filepath.Join(f.dir, "audit"), "--since", "2999-01-01"); out != "" {
		t.Errorf("of a time to come: %s", out)
	}
	if _, err := rapport(t, "audit", filepath.Join(f.dir, "nowhere")); err == nil {
		t.Error("a file that is not there")
	}
	var lines []map[string]any
	f.ok(json.Unmarshal([]byte(must(t, "audit", filepath.Join(f.dir, "audit"), "--customer", "1", "--json")), &lines))
	if len(lines) < 2 || lines[0]["who"] == "" || lines[0]["customers"] == nil {
		t.Errorf("as JSON: %v", lines)
	}
}

package report

import (
	"encoding/json"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
)

// MarshalJSON writes the same for programs. What the service answered is proto
// JSON, as it would be over HTTP.
func (r *Report) MarshalJSON() ([]byte, error) {
	out := map[string]any{
		"brand": r.Ask.Brand, "zone": r.Zone.String(), "window": r.Window, "previous": r.Previous, "empty": r.Empty,
		"metrics": list(r.Metrics), "channels": list(r.Channels), "goals": list(r.Goals),
	}
	if !r.AsOf.IsZero() {
		out["asOf"] = r.AsOf.UTC().Format(time.RFC3339Nano)
	}
	if r.Asked != nil {
		out["asked"] = r.Asked
	}
	if r.Subject != nil {
		out["subject"] = message{r.Subject}
	}
	if r.Head != nil {
		out["splitMetric"] = r.Head.GetName()
	}
	if r.Cases != nil {
		out["cases"] = message{r.Cases}
	}
	if j := r.Journeys; j != nil {
		out["successIndex"], out["contactRate"], out["paths"] = message{j.Success}, message{j.Contacts}, list(j.Paths)
	}
	low := map[string]message{}
	for channel, s := range r.LowChannels {
		low[channel] = message{s}
	}
	out["lowShareByChannel"] = low
	tables := []map[string]any{}
	for _, t := range r.Tables {
		tables = append(tables, map[string]any{
			"kind": t.Kind.String(), "ranked": t.Ranked, "unranked": t.Unranked, "minN": t.MinN,
			"best": list(t.Best), "worst": list(t.Worst),
		})
	}
	out["rankings"] = tables
	comments := []*surveyv1.Response{}
	for _, c := range r.Comments {
		comments = append(comments, c.Response)
	}
	out["comments"] = list(comments)
	return json.Marshal(out)
}

// message lets encoding/json write proto JSON.
type message struct{ proto.Message }

// MarshalJSON is the proto JSON form.
func (m message) MarshalJSON() ([]byte, error) { return protojson.Marshal(m.Message) }

func list[M proto.Message](all []M) []message {
	out := make([]message, len(all))
	for i, m := range all {
		out[i] = message{m}
	}
	return out
}

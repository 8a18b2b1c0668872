package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"

	reportv1 "github.com/rapport-cx/rapport/gen/rapport/report/v1"
	"github.com/rapport-cx/rapport/internal/config"
	"github.com/rapport-cx/rapport/internal/fault"
)

func feedbackCommand(set *config.Set) *cobra.Command {
	f := &following{}
	return f.command(set, &cobra.Command{
		Use: "feedback ORDER FILE", Short: "Record what one side of an order says of all others", Args: cobra.ExactArgs(2),
		Long: `Record what one side of an order says of all others: a buyer of each seller and
courier, a seller of the buyer. The file, YAML or JSON, or - for the standard input, has
the fields of ReportFeedbackRequest but brand and order_id: author, and for each part
subject, survey_id and answers. The same file again adds what is missing and records
nothing twice. Where a part is refused the exit code is 2.`,
	}, &struct{}{}, func(ctx context.Context, client reportv1.ReportServiceClient, args []string) (answer, error) {
		in, err := readFeedback(args[1])
		if err != nil {
			return answer{}, err
		}
		in.Brand, in.OrderId = f.Brand, args[0]
		out, err := client.ReportFeedback(ctx, in)
		if err != nil {
			return answer{}, err
		}
		refused := 0
		for _, r := range out.GetResults() {
			if r.GetError() != nil {
				refused++
			}
		}
		if refused > 0 {
			err = fmt.Errorf("%d of %d parts are not recorded: %w", refused, len(out.GetResults()), errRejected)
		}
		return answer{out, func(w io.Writer) { writeFeedback(w, out) }}, err
	})
}

// readFeedback reads a file; its fields are those of the contract.
func readFeedback(name string) (*reportv1.ReportFeedbackRequest, error) {
	read := func() ([]byte, error) { return os.ReadFile(name) }
	if name == "-" {
		read = func() ([]byte, error) { return io.ReadAll(os.Stdin) }
	}
	text, err := read()
	if err != nil {
		return nil, fmt.Errorf("read feedback: %w", err)
	}
	var file map[string]any
	if err := yaml.Unmarshal(text, &file); err != nil { // JSON is YAML
		return nil, fmt.Errorf("read feedback %s: %w", name, err)
	}
	body, err := json.Marshal(file)
	if err != nil {
		return nil, fmt.Errorf("read feedback %s: %w", name, err)
	}
	out := &reportv1.ReportFeedbackRequest{}
	if err := protojson.Unmarshal(body, out); err != nil {
		return nil, fmt.Errorf("read feedback %s: %w", name, err)
	}
	return out, nil
}

func writeFeedback(w io.Writer, out *reportv1.ReportFeedbackResponse) {
	for _, r := range out.GetResults() {
		state := "recorded"
		switch {
		case r.GetError() != nil:
			e := fault.FromStatus(r.GetError())
			state = e.Text
			for _, f := range e.Fields {
				state += "; " + f.Path + " " + f.Text
			}
		case r.GetReplayed():
			state = "recorded before"
		}
		ref := r.GetSubject()
		line(w, plainName(ref.GetKind(), "SUBJECT_KIND_")+":"+ref.GetId(), r.GetResponseId(), state)
	}
}

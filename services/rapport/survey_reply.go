package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	surveyv1 "github.com/rapport-cx/rapport/gen/rapport/survey/v1"
	"github.com/rapport-cx/rapport/internal/config"
)

func replyCommand(set *config.Set) *cobra.Command {
	cfg := &linking{}
	own := &struct {
		Subject string `flag:"subject" help:"on whose behalf: KIND:ID of what was rated, such as SELLER:7"`
		Text    string `flag:"text" help:"what to say"`
		Author  string `flag:"author" help:"who writes, as readers are to see it"`
		Open    bool   `flag:"in-public" help:"it is meant for the public; else for the customer and the brand"`
		Version int64  `flag:"version" help:"version that is amended, as last read; 0: whichever there is"`
	}{}
	return cfg.command(set, &cobra.Command{
		Use: "reply RESPONSE --subject KIND:ID --text TEXT", Short: "Reply to a response on behalf of what was rated, or amend the reply", Args: cobra.ExactArgs(1),
	}, func(ctx context.Context, client surveyv1.SurveyServiceClient, w io.Writer, args []string) error {
		ref, err := subjectOf("subject", own.Subject)
		if err != nil {
			return err
		}
		out, err := client.ReplyToResponse(ctx, &surveyv1.ReplyToResponseRequest{
			Brand: cfg.Brand, ResponseId: args[0], Subject: ref, Author: own.Author, Text: own.Text, Public: own.Open, Version: own.Version,
		})
		if err != nil {
			return err
		}
		return cfg.tell(w, out, func(w io.Writer) error { return writeReply(w, out.GetReply(), out.GetReplayed()) })
	}, own)
}

func moderateCommand(set *config.Set) *cobra.Command {
	cfg := &linking{}
	own := &struct {
		Subject  string `flag:"subject" help:"whose reply: KIND:ID, such as SELLER:7"`
		Withhold bool   `flag:"withhold" help:"keep it from the public"`
		Release  bool   `flag:"release" help:"let it be seen again"`
		Reason   string `flag:"reason" help:"why, as its author will read"`
	}{}
	return cfg.command(set, &cobra.Command{
		Use: "moderate RESPONSE --subject KIND:ID --withhold | --release", Short: "Keep a reply from the public, or let it be seen again", Args: cobra.ExactArgs(1),
	}, func(ctx context.Context, client surveyv1.SurveyServiceClient, w io.Writer, args []string) error {
		if own.Withhold == own.Release {
			return errors.New("either --withhold or --release")
		}
		ref, err := subjectOf("subject", own.Subject)
		if err != nil {
			return err
		}
		out, err := client.ModerateReply(ctx, &surveyv1.ModerateReplyRequest{
			Brand: cfg.Brand, ResponseId: args[0], Subject: ref, Withheld: own.Withhold, Reason: own.Reason,
		})
		if err != nil {
			return err
		}
		return cfg.tell(w, out, func(w io.Writer) error { return writeReply(w, out.GetReply(), out.GetReplayed()) })
	}, own)
}

// writeReply says how a reply stands.
func writeReply(w io.Writer, r *surveyv1.Reply, replayed bool) error {
	seen := "for the customer and the brand"
	switch {
	case r.GetWithheld():
		seen = "withheld"
		if r.GetWithheldReason() != "" {
			seen += ": " + r.GetWithheldReason()
		}
	case r.GetPublic():
		seen = "public"
	}
	again := ""
	if replayed {
		again = ", as it was before"
	}
	_, err := fmt.Fprintf(w, "reply of %s:%s, version %d, %s%s\n%s\n", plainName(r.GetSubject().GetKind(), "SUBJECT_KIND_"), r.GetSubject().GetId(), r.GetVersion(), seen, again, r.GetText())
	return err
}
